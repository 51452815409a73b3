"""What pulls the latent: motion supervision and the mask term (DragGAN, equation 1)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from .sample import offsets, sample


def supervision(
    features: Float[Tensor, "c h w"],
    handles: Float[Tensor, "p 2"],
    targets: Float[Tensor, "p 2"],
    size: tuple[int, int],
    radius: float,
    templates: Float[Tensor, "p k c"] | None = None,
    anchor: float = 0.0,
) -> Float[Tensor, ""]:
    """How far the picture is from having moved one pixel further (equation 1, first term).

    For each point the mean absolute difference between the features around the handle, held
    fixed, and those one step (at most 1 px) closer to the target; summed over the points. A share
    ``anchor`` of the features held fixed is what the handle looked like at the start: else small
    errors of each step add up, and the point arrives where nothing looks like it any more.
    """
    way = targets - handles
    step = way / way.norm(dim=1, keepdim=True).clamp(min=1.0)
    around = handles[:, None] + offsets(radius, disc=True).to(handles)
    still = sample(features.detach(), around, size)
    if templates is not None:
        still = still.lerp(templates, anchor)
    moved = sample(features, around + step[:, None], size)
    return (moved - still).abs().mean((1, 2)).sum()


def fixed_cells(
    mask: Bool[Tensor, "H W"], features: Float[Tensor, "c h w"]
) -> Float[Tensor, "h w"]:
    """The share of each feature cell that must not move."""
    share = F.interpolate((~mask)[None, None].to(features), features.shape[1:], mode="area")
    return share[0, 0]


def mask_term(
    features: Float[Tensor, "c h w"],
    reference: Float[Tensor, "c h w"],
    fixed: Float[Tensor, "h w"],
) -> Float[Tensor, ""]:
    """Mean absolute change of the features over the fixed cells (equation 1, second term).

    The mean is over fixed cells only, so that the weight of the term does not depend on how
    much of the picture is fixed.
    """
    change = (features - reference).abs().mean(0)
    return (change * fixed).sum() / fixed.sum().clamp(min=torch.finfo(fixed.dtype).tiny)
