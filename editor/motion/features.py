"""What a drag tracks: the generator's features and, if it knows them, the points of the face.

DragGAN compares features alone: a cheek looks like the cheek beside it. A model with a coordinate
head says of each pixel which point of the neutral face it shows, so that no point slips.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from inversion.landmark_loss import slopes
from stylegan import WHOLE, CoordinateHead, Generator, Squares, WindowPlan, activation, plan_windows

STILL = 2e5  # cost of a point's squared motion in shares of the picture's side, a mean, against
# one squared standard deviation; chosen with benchmarks/photo_edits.py
POINT_WEIGHT = 40.0  # of coordinates against features; chosen with benchmarks/landmarks.py


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
    """The latent that a drag moves -> ws = activation(base + latent @ axes) -> features.

    Args:
        renderer: of the features.
        base: the ws that move, before their last activation, where the drag starts.
        rest: the other ws.
        axes: along which w moves; one unit of the latent is one of these.
        own: the share of a unit that a layer's own move counts. 0: all layers move together (W).
    """

    renderer: FeatureRenderer
    base: Float[Tensor, "moving w"]
    rest: Float[Tensor, "rest w"]
    axes: Float[Tensor, "k w"]
    own: float

    @property
    def start(self) -> Float[Tensor, "m k"]:
        """The latent of no move: that of all layers, then, if they have any, each one's own."""
        return self.axes.new_zeros(1 + len(self.base) * (self.own > 0), len(self.axes))

    def ws(self, latent: Float[Tensor, "m k"]) -> Float[Tensor, "layers w_dim"]:
        """Those of the picture that the latent stands for."""
        move = latent[:1] + self.own * latent[1:] if self.own else latent
        return torch.cat([activation(self.base + move @ self.axes), self.rest])

    def __call__(self, latent: Float[Tensor, "m k"]) -> Float[Tensor, "c side side"]:
        """The whole map."""
        return self.renderer(self.ws(latent))

    def windows(
        self, latent: Float[Tensor, "m k"], corners: Int[Tensor, "n 2"], size: int
    ) -> Float[Tensor, "n c s s"]:
        """Squares of it."""
        return self.renderer.windows(self.ws(latent), corners, size)


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
