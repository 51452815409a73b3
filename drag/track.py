"""Where the handles are now: nearest neighbour in feature space (DragGAN, equation 2)."""

import torch
from jaxtyping import Float
from torch import Tensor

from .sample import offsets, sample

LOST = 0.6
"""A handle with less confidence is lost: what is found there may be something else.

Chosen on 92 drags of 8 px from random points that are not plain (see PLAIN): optical flow
contradicted the tracker by more than 4 px in 44 % of those below it, and in 12 % of the others.
"""


def track(
    features: Float[Tensor, "c h w"],
    handles: Float[Tensor, "p 2"],
    templates: Float[Tensor, "p k c"],
    size: tuple[int, int],
    search: float,
    patch: float,
    penalty: float,
) -> tuple[Float[Tensor, "p 2"], Float[Tensor, " p"]]:
    """(new handles, confidence in each, 0 to 1).

    The cell of the square of radius ``search`` px around each handle whose patch (disc of radius
    ``patch`` px) is nearest to the template in L2, refined below a pixel by a parabola. In
    textureless places all cells look alike: ``penalty``, a share of the template's norm per px,
    then keeps the point where it is.
    """
    steps = offsets(search, disc=False).to(handles)
    distance = _distances(features, handles, templates, size, (int(search), patch))
    cost = distance / _norm(templates)[:, None] + penalty * steps.norm(dim=1)
    best = cost.argmin(1)
    side = 2 * int(search) + 1
    found = steps[best] + _parabola(cost.square().reshape(-1, side, side), best)
    confidence = likeness(distance.gather(1, best[:, None])[:, 0], templates)
    height, width = size
    limit = torch.tensor([width - 1, height - 1]).to(handles)
    return (handles + found).clamp(min=torch.zeros_like(limit), max=limit), confidence


def _distances(
    features: Float[Tensor, "c h w"],
    handles: Float[Tensor, "p 2"],
    templates: Float[Tensor, "p k c"],
    size: tuple[int, int],
    reach: tuple[int, float],
) -> Float[Tensor, "p n"]:
    """The distance (L2) of the patch around each cell of each square from the template.

    The squares and patches have whole px steps, so the window around both is read once.
    """
    search, patch = reach
    around, side = offsets(patch, disc=True).long().tolist(), 2 * search + 1
    rim = search + int(patch)
    places = handles[:, None] + offsets(float(rim), disc=False).to(handles)
    window = sample(features, places, size).unflatten(1, (2 * rim + 1, 2 * rim + 1))
    total = window.new_zeros(len(handles), side, side)
    for (dx, dy), template in zip(around, templates.unbind(1), strict=True):
        row, column = dy + int(patch), dx + int(patch)
        seen = window[:, row : row + side, column : column + side]
        total += (seen - template[:, None, None]).square().sum(3)
    return total.flatten(1).sqrt()


def likeness(
    distance: Float[Tensor, " p"], templates: Float[Tensor, "p k c"]
) -> Float[Tensor, " p"]:
    """1 where the distance (L2) to the template is 0, and 0 where nothing of it is left."""
    return (1 - distance / _norm(templates)).clamp(0, 1)


def _norm(templates: Float[Tensor, "p k c"]) -> Float[Tensor, " p"]:
    return templates.square().sum((1, 2)).sqrt().clamp(min=1e-8)


def _parabola(cost: Float[Tensor, "p s s"], best: Tensor) -> Float[Tensor, "p 2"]:
    """The sub-pixel minimum (x, y) around each best cell; 0 at the rim of the search square."""
    side = cost.shape[1]
    point = torch.arange(len(cost), device=cost.device)
    row, column = best // side, best % side
    here = cost[point, row, column]

    def refine(before: Tensor, after: Tensor, inner: Tensor) -> Tensor:
        bend = (before - 2 * here + after).clamp(min=1e-12)
        return torch.where(inner, ((before - after) / (2 * bend)).clamp(-0.5, 0.5), 0.0)

    inner_x, inner_y = (column > 0) & (column < side - 1), (row > 0) & (row < side - 1)
    left, right = (column - 1).clamp(min=0), (column + 1).clamp(max=side - 1)
    above, below = (row - 1).clamp(min=0), (row + 1).clamp(max=side - 1)
    x = refine(cost[point, row, left], cost[point, row, right], inner_x)
    y = refine(cost[point, above, column], cost[point, below, column], inner_y)
    return torch.stack([x, y], 1)
