"""What the picture looks like before a drag, and how well its handles can be told apart."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from .edit import Edit, EditError
from .options import Options
from .patches import Patches, offsets
from .sampler import FeatureSampler
from .track import distances

PLAIN = 0.15
"""A handle with less texture is in a plain place, such as a cheek, hair or the background.

Chosen on maps of six faces, and on 168 drags of 8 px from random points of 14 (one of them the
fit of a photo): optical flow contradicted the tracker by more than 4 px in 53 % of the drags
below it, and in 15 % of the others.
"""

BROKEN = "This picture cannot be dragged: the fit went wrong. Fit the photo again."


@dataclass(frozen=True)
class Reference:
    """What the handles looked like before the drag, and where they go.

    Args:
        latent: of that picture.
        handles: (x, y) px of the picture.
        targets: where they should go.
        patches: the features around each handle.
        templates: those of the disc of ``radius`` px around it.
        texture: how well each handle's surroundings can be told apart, 0 to 1.
    """

    latent: Tensor
    handles: Float[Tensor, "p 2"]
    targets: Float[Tensor, "p 2"]
    patches: Patches
    templates: Float[Tensor, "p k c"]
    texture: Float[Tensor, " p"]


def begin(
    sampler: FeatureSampler,
    latent: Tensor,
    features: Float[Tensor, "c h w"],
    edit: Edit,
    options: Options,
) -> Reference:
    """Remember the picture before the drag.

    Raises:
        EditError: the picture is not one.
    """
    if not bool(features.isfinite().all()):
        raise EditError(BROKEN)
    handles, targets = edit.handles.to(features), edit.targets.to(features)
    patches = sampler.patches(handles, features)
    templates = patches.at(handles[:, None] + offsets(options.radius, disc=True).to(features))
    spread = (features - features.mean((1, 2), keepdim=True)).square().sum(0).mean()
    plain = texture(patches, handles, templates, spread, options)
    return Reference(latent.detach(), handles, targets, patches, templates, plain)


def texture(
    patches: Patches,
    handles: Float[Tensor, "p 2"],
    templates: Float[Tensor, "p k c"],
    spread: Float[Tensor, ""],
    options: Options,
) -> Float[Tensor, " p"]:
    """0 where the handle looks like a place nearby, 1 where nothing near is like it.

    The distance (L2, as in tracking) of the template from the patch most like it in the outer
    half of the ``search`` px around the handle, against the usual distance of two places of the
    picture (root mean square, of ``spread`` a place); half of that counts as 1. It is small in a
    flat place, and along an edge, which looks alike all the way: at both a handle slips.
    """
    length = offsets(options.search, disc=False).to(handles).norm(dim=1)
    ring = (2 * length > options.search) & (length <= options.search)
    nearest = distances(patches, handles, templates, options)[:, ring].amin(1)
    usual = (2 * templates.shape[1] * spread).sqrt().clamp(min=1e-8)
    return (2 * nearest / usual).clamp(max=1.0)
