"""What pulls the latent: motion supervision (DragGAN, equation 1, first term)."""

from jaxtyping import Float
from torch import Tensor

from .options import Options
from .patches import Patches, offsets


def supervision(
    near: Patches,
    handles: Float[Tensor, "p 2"],
    targets: Float[Tensor, "p 2"],
    templates: Float[Tensor, "p k c"],
    options: Options,
) -> Float[Tensor, ""]:
    """How far the picture is from having moved one pixel further (equation 1, first term).

    For each point the mean absolute difference between the features around the handle, held
    fixed, and those one step (at most 1 px) closer to the target; summed over the points. A share
    ``options.anchor`` of the features held fixed is what the handle looked like at the start: else
    small errors of each step add up, and the point arrives where nothing looks like it any more.
    """
    way = targets - handles
    step = way / way.norm(dim=1, keepdim=True).clamp(min=1.0)
    disc = handles[:, None] + offsets(options.radius, disc=True).to(handles)
    still = near.detach().at(disc).lerp(templates, options.anchor)
    moved = near.at(disc + step[:, None])
    return (moved - still).abs().mean((1, 2)).sum()
