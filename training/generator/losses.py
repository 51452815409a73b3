"""How far what is painted is from the render that it should be."""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import squeezenet1_0

from photo.crop import resized

from ..data import Pairs
from .patch import TRUNK, Painted, Windows

FACE_POINTS = 68  # the leading landmarks: jaw, brows, nose, eyes, mouth
LEVELS = 4  # of the pyramid, each half the size of the one before
EDGE_WEIGHT = 0.5
FACE_WEIGHT = 2.0
FEATURE_WEIGHT = 0.24  # at every third step
FEATURE_LAYERS = (1, 3, 5, 7, 9, 10, 12)
TRUNK_WEIGHT = 0.2  # of the whole picture at 64 px, where only a window is painted above it
POINTS_WEIGHT = 1.0  # of the coordinates, per size
COVERAGE_WEIGHT = 0.1  # of their coverage, per size
CAFFE_MEAN = (104.0, 117.0, 123.0)  # BGR, 0..255


class SqueezeFeatures(nn.Module):
    """Distance of unit-normalised SqueezeNet 1.0 features (Caffe weights: BGR, mean subtracted)."""

    mean: Tensor

    def __init__(self, weights: Path):
        super().__init__()
        network = squeezenet1_0(weights=None)
        network.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
        self.layers = network.features.float().eval().requires_grad_(False)
        self.register_buffer("mean", torch.tensor(CAFFE_MEAN)[:, None, None])

    def forward(self, a: Float[Tensor, "n 3 h w"], b: Float[Tensor, "n 3 h w"]) -> Tensor:
        """Squared difference summed over channels and layers, a mean over pixels; none to ``b``."""
        with torch.no_grad():
            wanted = self._features(b)
        made = self._features(a)
        pairs = zip(made, wanted, strict=True)
        return torch.stack([(p - q).square().sum(1).mean() for p, q in pairs]).sum()

    def _features(self, image: Float[Tensor, "n 3 h w"]) -> list[Tensor]:
        x, kept = image.flip(1) * 127.5 + 127.5 - self.mean, list[Tensor]()
        for index, layer in enumerate(self.layers[: FEATURE_LAYERS[-1] + 1]):
            x = layer(x)
            if index in FEATURE_LAYERS:
                kept.append(F.normalize(x, dim=1, eps=1e-6))
        return kept


def face_weight(landmarks: Float[Tensor, "n p 2"], side: int) -> Float[Tensor, "n 1 side side"]:
    """1 outside the face, FACE_WEIGHT inside the ellipse around its landmarks, soft between."""
    low, high = landmarks.amin(1), landmarks.amax(1)
    centre, reach = (low + high) / 2, (high - low) / 2 + side / 16
    grid = torch.arange(side, dtype=landmarks.dtype, device=landmarks.device)
    x = (grid[None, None, :] - centre[:, 0, None, None]) / reach[:, 0, None, None]
    y = (grid[None, :, None] - centre[:, 1, None, None]) / reach[:, 1, None, None]
    inside = torch.sigmoid(8 * (1 - (x.square() + y.square()).sqrt()))
    return 1 + (FACE_WEIGHT - 1) * inside[:, None]


def regression(
    made: Float[Tensor, "n 3 s s"],
    wanted: Float[Tensor, "n 3 s s"],
    weight: Float[Tensor, "n 1 s s"],
) -> Tensor:
    """Weighted L1 over a pyramid, and L1 of the finest level's gradients (soft edges cost)."""
    loss = made.new_zeros([])
    weight = weight / weight.mean()
    dx = (made - wanted).diff(dim=3).abs() * weight[..., 1:]
    dy = (made - wanted).diff(dim=2).abs() * weight[..., 1:, :]
    edges = dx.mean() + dy.mean()
    for level in range(LEVELS):
        if level:
            made, wanted, weight = (F.avg_pool2d(x, 2) for x in (made, wanted, weight))
        loss = loss + ((made - wanted).abs() * weight).mean() / LEVELS
    return loss + EDGE_WEIGHT * edges


def coordinates(made: Float[Tensor, "n 4 s s"], wanted: Float[Tensor, "n 4 s s"]) -> Tensor:
    """L1 of x, y, z where the face is covered, and cross-entropy of the coverage."""
    covered = wanted[:, 3:]
    away = ((made[:, :3] - wanted[:, :3]).abs() * covered).sum() / (3 * covered.sum() + 1)
    seen = F.binary_cross_entropy_with_logits(made[:, 3:], covered)
    return POINTS_WEIGHT * away + COVERAGE_WEIGHT * seen


def shrunk(points: Float[Tensor, "n 4 h h"], side: int) -> Float[Tensor, "n 4 side side"]:
    """Coordinates and coverage at a smaller size: the mean of what is covered, and how much is."""
    factor = points.shape[-1] // side
    if factor == 1:
        return points
    part = F.avg_pool2d(points, factor)
    covered = part[:, 3:]
    return torch.cat([part[:, :3] / covered.clamp(min=1e-3), (covered > 0.5).float()], 1)


@dataclass(frozen=True)
class Target:
    """What a pass should have painted; above TRUNK px, the windows of it."""

    pairs: Pairs
    stored_side: int
    windows: Windows | None

    def loss(self, painted: Painted, features: SqueezeFeatures | None) -> Tensor:
        """All terms; ``features`` adds the distance in SqueezeNet at the highest side."""
        side = max(painted.pictures)
        face = resized(self.pairs.landmarks[:, :FACE_POINTS], self.stored_side, side)
        wanted = self._cut(self.pairs.pictures)
        made = painted.pictures[side]
        loss = regression(made, wanted, self._cut(face_weight(face, side)))
        if features is not None:
            loss = loss + FEATURE_WEIGHT * features(made, wanted)
        if side > TRUNK:
            whole = F.avg_pool2d(self.pairs.pictures, side // TRUNK)
            loss = loss + TRUNK_WEIGHT * (painted.pictures[TRUNK] - whole).abs().mean()
        for here, points in painted.points.items():
            loss = loss + coordinates(points, self._cut(shrunk(self.pairs.points, here)))
        return loss

    def _cut(self, maps: Tensor) -> Tensor:
        if self.windows is None or maps.shape[-1] <= TRUNK:
            return maps
        return self.windows.cut(maps)
