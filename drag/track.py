"""Where the handles are now: nearest neighbour in feature space (DragGAN, equation 2)."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from .options import Options
from .patches import Patches, offsets

LOST = 0.6
"""A handle with less confidence is lost: what is found there may be something else.

Chosen on 92 drags of 8 px from random points that are not plain (see PLAIN): optical flow
contradicted the tracker by more than 4 px in 44 % of those below it, and in 12 % of the others.
"""


def track(
    patches: Patches,
    handles: Float[Tensor, "p 2"],
    templates: Float[Tensor, "p k c"],
    options: Options,
) -> tuple[Float[Tensor, "p 2"], Float[Tensor, " p"]]:
    """(new handles, confidence in each, 0 to 1).

    The px of the square of radius ``search`` around each handle whose patch (a disc of ``radius``
    px) is nearest to the template in L2, refined below a pixel by a parabola. In textureless
    places all look alike: ``track_penalty``, a share of the template's norm per px, then keeps the
    point where it is.
    """
    steps = offsets(options.search, disc=False).to(handles)
    distance = distances(patches, handles, templates, options)
    cost = distance / _norm(templates)[:, None] + options.track_penalty * steps.norm(dim=1)
    best = cost.argmin(1)
    side = 2 * int(options.search) + 1
    move = steps[best] + _parabola(cost.square().reshape(-1, side, side), best)
    confidence = likeness(distance.gather(1, best[:, None])[:, 0], templates)
    height, width = patches.size
    limit = torch.tensor([width - 1, height - 1]).to(handles)
    return (handles + move).clamp(min=torch.zeros_like(limit), max=limit), confidence


def distances(
    patches: Patches,
    handles: Float[Tensor, "p 2"],
    templates: Float[Tensor, "p k c"],
    options: Options,
) -> Float[Tensor, "p n"]:
    """The distance (L2) from the template of the patch around each px of the search square.

    |f - t|^2 = |f|^2 - 2 f t + |t|^2, and reading the map at a px is linear: the products with t
    are taken in the few cells and read at the px instead of all channels. What all of a template
    has in common is taken from both first, which changes no difference, but rounds less.
    """
    common = templates.mean(1)
    cells = patches.cells - common[:, :, None, None]
    rows, columns = patches.rows_and_columns(handles, int(options.search) + int(options.radius))
    each = zip(cells, rows, columns, templates - common[:, None], strict=True)
    return torch.stack([_distances(*one, options) for one in each])


def _distances(
    cells: Float[Tensor, "c s s"],
    rows: Float[Tensor, "m s"],
    columns: Float[Tensor, "m s"],
    template: Float[Tensor, "k c"],
    options: Options,
) -> Float[Tensor, " n"]:
    around = offsets(options.radius, disc=True).to(cells.device).long() + int(options.radius)
    count = 2 * int(options.search) + 1
    energy = (rows @ cells @ columns.T).square().sum(0)
    disc = cells.new_zeros(2 * int(options.radius) + 1, 2 * int(options.radius) + 1)
    disc[around[:, 1], around[:, 0]] = 1
    norms = F.conv2d(energy[None, None], disc[None, None])[0, 0]
    products = (template @ cells.flatten(1)).unflatten(1, cells.shape[1:])
    left = rows.unfold(0, count, 1)[around[:, 1]].transpose(1, 2) @ products  # [k n s]
    right = columns.unfold(0, count, 1)[around[:, 0]]  # [k s n]
    both = left.transpose(0, 1).flatten(1) @ right.flatten(0, 1)
    return (norms - 2 * both + template.square().sum()).clamp(min=0).sqrt().flatten()


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
