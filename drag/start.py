"""What the picture looks like before a drag."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from .edit import Edit, EditError
from .look import View
from .options import Options
from .patches import Patches, offsets
from .texture import texture


@dataclass(frozen=True)
class Start:
    """What the handles looked like before the drag, and where they go.

    Args:
        latent: of that picture.
        handles: (x, y) px of the picture.
        targets: where they should go.
        near: the features around each handle.
        templates: those of its patch.
        texture: how well each handle's surroundings can be told apart, 0 to 1.
    """

    latent: Tensor
    handles: Float[Tensor, "p 2"]
    targets: Float[Tensor, "p 2"]
    near: Patches
    templates: Float[Tensor, "p k c"]
    texture: Float[Tensor, " p"]


def begin(
    view: View, latent: Tensor, features: Float[Tensor, "c h w"], edit: Edit, options: Options
) -> Start:
    """Remember the picture before the drag.

    Raises:
        EditError: the picture is not one.
    """
    if not bool(features.isfinite().all()):
        raise EditError("This picture cannot be dragged: the fit went wrong. Fit the photo again.")
    handles, targets = edit.handles.to(features), edit.targets.to(features)
    near = view.around(handles, features)
    templates = near.at(handles[:, None] + offsets(options.radius, disc=True).to(features))
    spread = (features - features.mean((1, 2), keepdim=True)).square().sum(0).mean()
    plain = texture(near, handles, templates, spread, options)
    return Start(latent.detach(), handles, targets, near, templates, plain)
