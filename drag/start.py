"""What the picture looks like before a drag."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from .edit import Edit, EditError
from .motion import fixed_cells
from .options import Options
from .sample import offsets, sample
from .texture import texture


@dataclass(frozen=True)
class Start:
    """What the handles and the fixed part looked like before the drag, and where it goes.

    Args:
        latent: of that picture.
        handles: (x, y) px of the picture.
        targets: where they should go.
        size: (height, width) of the picture in px.
        templates: the features around each handle.
        texture: how well each handle's surroundings can be told apart, 0 to 1.
        features: of the whole picture.
        fixed: share of each feature cell that must not move.
    """

    latent: Tensor
    handles: Float[Tensor, "p 2"]
    targets: Float[Tensor, "p 2"]
    size: tuple[int, int]
    templates: Float[Tensor, "p k c"]
    texture: Float[Tensor, " p"]
    features: Float[Tensor, "c h w"]
    fixed: Float[Tensor, "h w"] | None


def begin(latent: Tensor, features: Tensor, edit: Edit, options: Options) -> Start:
    """Remember the picture before the drag.

    Raises:
        EditError: the picture is not one.
    """
    if not bool(features.isfinite().all()):
        raise EditError("This picture cannot be dragged: the fit went wrong. Fit the photo again.")
    handles, targets = edit.handles.to(features), edit.targets.to(features)
    around = handles[:, None] + offsets(options.radius, disc=True).to(features)
    templates = sample(features, around, edit.size)
    plain = texture(features, handles, templates, edit.size, options.radius, options.search)
    fixed = None if edit.mask is None else fixed_cells(edit.mask.to(features.device), features)
    return Start(latent.detach(), handles, targets, edit.size, templates, plain, features, fixed)
