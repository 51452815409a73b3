"""What a drag tracks: the generator's features and, if it knows them, the points of the face.

DragGAN compares features alone: a cheek looks like the cheek beside it. A model with a coordinate
head says of each pixel which point of the neutral face it shows, so that no point slips.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from inversion.landmark_loss import slopes
from stylegan import (
    WHOLE,
    CoordinateHead,
    Generator,
    Squares,
    WindowPlan,
    activation,
    before_activation,
    plan_windows,
)

STILL = 2e5  # cost of a point's squared motion in shares of the picture's side, a mean, against
# one squared standard deviation; chosen with benchmarks/real/photo_edits.py
POINT_WEIGHT = 40.0  # of coordinates against features; chosen with benchmarks/arrive/landmarks.py


@dataclass(frozen=True)
class FeatureRenderer:
    """The features of the block of ``side`` px, as wide.

    With a head, x, y, z of the face (in [-1, 1], times POINT_WEIGHT) are three channels more.
    """

    generator: Generator
    head: CoordinateHead | None
    side: int

    def __call__(self, ws: Float[Tensor, "layers w_dim"]) -> Float[Tensor, "c side side"]:
        """The whole map."""
        return self._made(ws, WHOLE)[0]

    def windows(
        self, ws: Float[Tensor, "layers w_dim"], corners: Int[Tensor, "n 2"], size: int
    ) -> Float[Tensor, "n c s s"]:
        """Squares of ``size`` cells of it, from their corners (x, y) in cells."""
        squares = Squares(tuple((x, y) for x, y in corners.cpu().tolist()), size)
        planned = plan_windows(self.generator.config, self.side, squares)
        assert planned.squares is not None
        return planned.squares(self._made(ws, planned))

    def _made(self, ws: Tensor, planned: WindowPlan) -> Float[Tensor, "_ c _ _"]:
        maps = dict(self.generator.maps(ws[None], resolution=self.side, plan=planned))
        if self.head is None:
            return maps[self.side]
        painted = self.head(maps, ws[None], planned)
        return torch.cat([maps[self.side], POINT_WEIGHT * painted[:, :3]], 1)


@dataclass(frozen=True)
class LatentParameterization:
    """The latent that a drag moves -> ws -> features; ``start`` is no move."""

    renderer: FeatureRenderer
    start: Float[Tensor, "m k"]
    ws: Callable[[Float[Tensor, "m k"]], Float[Tensor, "layers w_dim"]]

    def __call__(self, latent: Float[Tensor, "m k"]) -> Float[Tensor, "c side side"]:
        """The whole map."""
        return self.renderer(self.ws(latent))

    def windows(
        self, latent: Float[Tensor, "m k"], corners: Int[Tensor, "n 2"], size: int
    ) -> Float[Tensor, "n c s s"]:
        """Squares of it."""
        return self.renderer.windows(self.ws(latent), corners, size)


def along(
    ws: Float[Tensor, "layers w_dim"], moving: int, axes: Float[Tensor, "k w_dim"], own: float
) -> tuple[Float[Tensor, "m k"], Callable[[Tensor], Tensor]]:
    """(the latent of no move, latent -> ws): so many ws move along the axes, before activation.

    The first row of the latent moves them all; the others move each its own, where a unit counts
    ``own`` of one.
    """
    base, rest = before_activation(ws[:moving]), ws[moving:]

    def moved(latent: Tensor) -> Tensor:
        move = latent[:1] + own * latent[1:]
        return torch.cat([activation(base + move @ axes), rest])

    return axes.new_zeros(1 + moving, len(axes)), moved


def plain(
    ws: Float[Tensor, "layers w_dim"], moving: int, each: bool
) -> tuple[Float[Tensor, "m w_dim"], Callable[[Tensor], Tensor]]:
    """The same where so many ws are the latent themselves: each (W+), or all alike (W)."""

    def moved(latent: Tensor) -> Tensor:
        return torch.cat([ws[:moving] + latent, ws[moving:]])

    return ws.new_zeros(moving if each else 1, ws.shape[1]), moved


def alike(
    axes: Float[Tensor, "k w"], from_w: Float[Tensor, "inputs points 2"], side: int
) -> Float[Tensor, "k w"]:
    """The axes mixed so that a unit along any of them costs the same.

    It costs how unusual it makes a face, and how much it moves: a drag whose steps are the shortest
    then moves its handles and little else. Lids come down, not the whole head with them.

    Args:
        axes: one unit of each is a standard deviation.
        from_w: see ``LandmarkLoss``.
        side: of the picture in whose px ``from_w`` counts.
    """
    moves = slopes(from_w, axes).flatten(1) / side
    cost = torch.eye(len(axes)).to(axes) + STILL * moves @ moves.T / from_w.shape[1]
    return torch.linalg.solve_triangular(torch.linalg.cholesky(cost), axes, upper=False)
