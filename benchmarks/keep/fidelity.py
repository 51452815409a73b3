"""How close a fit's picture is to the photo, and whether the fit can still be dragged."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from drag import Edit
from editor.engine import Engine
from editor.motion.estimators import follower
from inversion import distance
from photo.faces import SURE
from photo.mesh import IBUG
from photo.nets import aligned_points
from stylegan import Delta
from training.generator.losses import SqueezeFeatures
from transfer.flow import Motion, warp

SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # weights, finest first (Wang et al. 2003)
WINDOW, SIGMA = 11, 1.5  # px of the Gaussian within which pictures are compared
SAME_MEAN, SAME_CHANGE = 0.01**2, 0.03**2  # keep the quotients finite; pictures in [0, 1]
ARRIVES = 0.5  # of a drag's length
DRAG_SIDE = 256  # px of the picture in which the drags have these lengths
DRAGS: dict[str, dict[int, tuple[float, float]]] = {
    "nose left": {30: (-7, 0)},
    "nose right": {30: (7, 0)},
    "nose up": {30: (0, -6)},
    "nose down": {30: (0, 6)},
    "mouth corners": {48: (-5, -4), 54: (5, -4)},
    "lower lip": {57: (0, 8)},
    "brows": {19: (0, -5), 24: (0, -5)},
    "chin": {8: (0, 6)},
}
"""iBUG's landmarks and where they are dragged: (x, y) in px of DRAG_SIDE."""

Picture = Float[Tensor, "3 r r"]
Latents = Float[Tensor, "layers w"]
Landmarks = Float[np.ndarray, "p 2"]


def ms_ssim(made: Picture, wanted: Picture) -> float:
    """Multi-scale structural similarity (Wang et al. 2003), a mean over colours: 1 if equal.

    As many of the five scales as the window fits into; their weights then sum to 1 as well.
    """
    a, b = ((picture[:, None] + 1) / 2 for picture in (made, wanted))
    count = sum(a.shape[-1] >> k >= WINDOW for k in range(len(SCALES)))
    weights = torch.tensor(SCALES[:count]) / sum(SCALES[:count])
    parts: list[Tensor] = []
    for scale in range(count):
        light, structure = _ssim(a, b)
        whole = light * structure if scale == count - 1 else structure
        parts.append(whole.mean((1, 2, 3)).clamp(min=0))
        a, b = (F.avg_pool2d(picture, 2) for picture in (a, b))
    return float((torch.stack(parts, 1) ** weights.to(a)).prod(1).mean())


def _ssim(
    a: Float[Tensor, "3 1 h w"], b: Float[Tensor, "3 1 h w"]
) -> tuple[Float[Tensor, "3 1 _ _"], Float[Tensor, "3 1 _ _"]]:
    """(likeness of the local means, likeness of contrast and structure around them)."""
    line = torch.arange(WINDOW).to(a) - WINDOW // 2
    line = torch.exp(-0.5 * (line / SIGMA).square())
    line = line / line.sum()

    def local(x: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(x, line[None, None, None]), line[None, None, :, None])

    p, q = local(a), local(b)
    power, shared = local(a * a) + local(b * b) - p * p - q * q, local(a * b) - p * q
    light = (2 * p * q + SAME_MEAN) / (p * p + q * q + SAME_MEAN)
    return light, (2 * shared + SAME_CHANGE) / (power + SAME_CHANGE)


@cache
def lpips() -> nn.Module | None:
    """LPIPS with SqueezeNet, for batches in [-1, 1]; None where its file is not at hand."""
    return distance._lpips() if distance.backbone_file().is_file() else None


@torch.no_grad()
def closeness(made: Picture, wanted: Picture, features: SqueezeFeatures) -> dict[str, float]:
    """All figures of two pictures."""
    found = {"PSNR": distance.psnr(made, wanted), "MS-SSIM": ms_ssim(made, wanted)}
    pair = made, wanted
    found["SqueezeNet"] = float(features(*(part[None].to(features.mean) for part in pair)))
    network = lpips()
    if network is not None:
        found["LPIPS"] = float(network.cpu()(*(part[None].cpu() for part in pair)))
    return found


@dataclass(frozen=True)
class Drag:
    """One of DRAGS, carried out in the untuned generator.

    Args:
        rows: the landmarks that were dragged.
        way: (x, y) that each of them should go, px of the generator's picture.
        ws: of the face after it.
        motion: of the untuned generator's picture.
    """

    rows: list[int]
    way: Landmarks
    ws: Latents
    motion: Motion


def drags(engine: Engine, ws: Latents) -> list[Drag]:
    """All DRAGS of this face, but for those that would leave the picture."""
    places = engine.dragger.places(ws)[list(IBUG)]
    follow = follower(engine.model, ws, engine.side)
    made: list[Drag] = []
    for moves in DRAGS.values():
        rows, way = list(moves), np.array(list(moves.values())) * engine.side / DRAG_SIDE
        handles = places[rows]
        if (np.abs(np.r_[handles, handles + way] / (engine.side - 1) - 0.5) > 0.5).any():
            continue
        points = (torch.from_numpy(part).float() for part in (handles, handles + way))
        *_, (_, after) = engine.dragger.drag_latent(ws, Edit((engine.side, engine.side), *points))
        made.append(Drag(rows, way, after, follow.to(after)))
    return made


def editability(
    engine: Engine, ws: Latents, delta: Delta, made: list[Drag] | None = None
) -> dict[str, float]:
    """How the drags look in the generator tuned by the delta, and ("untuned") in the other.

    ``arrived``: the share of the drags after which the mesh net still finds a face whose
    dragged landmarks went at least ARRIVES of the way. ``way``: the mean share of the way, 0 where
    no face is found. ``motion off``: mean difference in grey levels between the picture after and
    the one before moved as the untuned generator's pictures move, where that is trusted. ``made``
    are the drags of these ws, if they have been carried out.
    """
    made = drags(engine, ws) if made is None else made
    found: dict[str, float] = {}
    for name, bent in (("", delta), ("untuned ", Delta())):
        before = engine.picture(ws, bent)
        start, ways, off = located(before), list[float](), list[float]()
        for drag in made:
            after = engine.picture(drag.ws, bent)
            ways.append(share(start, located(after), drag))
            off.append(motion_off(before, after, drag.motion))
        found[f"{name}arrived"] = float(np.mean(np.array(ways) >= ARRIVES))
        found[f"{name}way"] = float(np.mean(ways))
        found[f"{name}motion off"] = float(np.mean(off))
    return found


def located(picture: np.ndarray) -> Landmarks | None:
    """The landmarks by the mesh net, px of the picture; None where it finds no face."""
    points, sure = aligned_points(picture)
    return points[list(IBUG)] if sure > SURE else None


def share(before: Landmarks | None, after: Landmarks | None, drag: Drag) -> float:
    """How much of the way the dragged landmarks went, a mean over them; 0 without a face."""
    if before is None or after is None:
        return 0.0
    gone = ((after - before)[drag.rows] * drag.way).sum(1)
    return float((gone / np.square(drag.way).sum(1)).mean())


def motion_off(before: np.ndarray, after: np.ndarray, motion: Motion) -> float:
    """Mean difference of the picture after and the moved one before, in grey levels."""
    moved = warp(before.astype(np.float32), motion.flow.astype(np.float32))
    away = np.abs(after - moved).mean(2)
    return float((away * motion.confidence).sum() / max(1e-6, float(motion.confidence.sum())))
