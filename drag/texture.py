"""How well a handle's surroundings can be told apart, before a drag."""

from jaxtyping import Float
from torch import Tensor

from .options import Options
from .patches import Patches, offsets
from .track import distances

PLAIN = 0.15
"""A handle with less texture is in a plain place, such as a cheek, hair or the background.

Chosen on maps of six faces, and on 168 drags of 8 px from random points of 14 (one of them the
fit of a photo): optical flow contradicted the tracker by more than 4 px in 53 % of the drags
below it, and in 15 % of the others.
"""


def texture(
    near: Patches,
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
    away = offsets(options.search, disc=False).to(handles).norm(dim=1)
    ring = (2 * away > options.search) & (away <= options.search)
    nearest = distances(near, handles, templates, options)[:, ring].amin(1)
    usual = (2 * templates.shape[1] * spread).sqrt().clamp(min=1e-8)
    return (2 * nearest / usual).clamp(max=1.0)
