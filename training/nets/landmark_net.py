"""Train the landmark net on renders that look like photos. Resumable; prints held-out errors.

    python -m training.nets.landmark_net --data DATA --out runs/landmarks --minutes 60

``--minutes`` counts over resumed runs; the learning rate falls to 0 at their end. Errors are in %
of the distance between the eyes' centres, of held-out renders that look like photos too.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from photo.align import NET_SHARE, face_quad
from photo.crop import Crop
from photo.landmarks import SIDE, LandmarkNet, eyes_and_mouth
from weights.aux_nets import save_small

from ..data import Faces, load
from .augment import Jitter, Matrix, Source, after, background, move, photograph, place
from .fitting import Batch, calm, command, fit, schedule_of
from .samples import Sample, landmark_names, sample

# The face detector's box is a rough guess, the second look starts from the first one's points.
ROUGH, FINE = Jitter(0.22, 0.16, 0.08), Jitter(0.06, 0.06, 0.025)
FLIPPED, ELSEWHERE, NO_FACE = 0.5, 0.6, 0.05  # chances


def draw(faces: Faces, count: int, source: Source) -> Batch:
    """(pictures in [-1, 1], points px, 1 where there is a face) of random samples."""
    rows = [example(faces, int(source.integers(len(faces))), source) for _ in range(count)]
    pictures = np.stack([row[0] for row in rows]).transpose(0, 3, 1, 2)
    points = torch.from_numpy(np.stack([row[1] for row in rows]).astype(np.float32))
    shown = torch.tensor([row[2] for row in rows])
    return torch.from_numpy(np.ascontiguousarray(pictures)) * 2 - 1, points, shown


def example(
    faces: Faces, position: int, source: Source
) -> tuple[Float[np.ndarray, "112 112 3"], Float[np.ndarray, "p 2"], bool]:
    """(picture, points, whether it shows a face): one sample as photographed."""
    render = sample(faces, position)
    if source.random() < NO_FACE:
        behind = background(SIDE, render.resized(SIDE), source)
        points = source.uniform(0, SIDE, render.landmarks.shape)
        return photograph(behind, source), points, False
    jitter = ROUGH if source.random() < 0.5 else FINE
    matrix = after(jitter.draw(SIDE, source), crop_of(render))
    behind = None
    if source.random() < ELSEWHERE:
        other = sample(faces, int(source.integers(len(faces))))
        behind = background(SIDE, other.resized(SIDE), source)
    picture = photograph(place(render.picture, render.face, matrix, SIDE, behind), source)
    points = move(matrix, render.landmarks)
    if source.random() < FLIPPED:
        picture, points = picture[:, ::-1], points[faces.layout.mirror_landmarks.numpy()]
        points = np.stack([SIDE - 1 - points[:, 0], points[:, 1]], 1)
    return picture, points, True


def crop_of(render: Sample) -> Matrix:
    """From the render's px to those of the crop that its own points ask for."""
    quad = face_quad(eyes_and_mouth(render.landmarks.astype(np.float64)))
    return Crop(quad, SIDE).shrunk(NET_SHARE).matrix[:2]


def loss(net: LandmarkNet, batch: Batch) -> Tensor:
    """Mean distance in shares of the side, and how well the doubt tells it (Laplace)."""
    pictures, points, shown = batch
    made, doubt = net(pictures)
    away = (made - points).square().sum(2).add(1e-2).sqrt()
    inside = ((points > -2) & (points < SIDE + 1)).all(2)
    seen = inside & shown[:, None]
    known = inside | ~shown[:, None]
    surprise = away.detach() / doubt + doubt.log()
    return 10 * away[seen].mean() / SIDE + 0.05 * surprise[known].mean()


@torch.no_grad()
def errors(net: LandmarkNet, held: Faces, count: int = 300) -> dict[str, float]:
    """Mean errors in % of the inter-ocular distance, over rough crops of held-out renders."""
    source = np.random.default_rng(1)
    found: dict[str, list[float]] = {"all points": [], "eyes and mouth": []}
    for position in np.linspace(0, len(held) - 1, min(count, len(held))).astype(int):
        picture, points, face = example(held, int(position), source)
        if not face:
            continue
        image = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None] * 2 - 1
        made = net(image)[0][0].numpy()
        inside = ((points > 0) & (points < SIDE - 1)).all(1)
        wanted, got = eyes_and_mouth(points), eyes_and_mouth(made)
        eyes = np.linalg.norm(wanted[1] - wanted[0]) / 100
        every = np.linalg.norm(points - made, axis=1)[inside]
        found["all points"].append(float(every.mean() / eyes))
        away = np.linalg.norm(wanted - got, axis=1)
        found["eyes and mouth"].append(float(away.mean() / eyes))
    median = float(np.median(found["eyes and mouth"]))
    return {name: float(np.mean(each)) for name, each in found.items()} | {"median": median}


def export(net: LandmarkNet, file: Path) -> None:
    """Write what the app reads."""
    facts = {"landmarks": json.dumps(net.names), "side": str(SIDE)}
    save_small(net.state_dict(), facts, file)


def main() -> None:
    """Parse, train, report every minute."""
    args = command(__doc__, "runs/landmarks", 3e-3).parse_args()
    calm()
    faces, held = load(args.data)
    net = LandmarkNet(landmark_names(args.data))
    schedule = schedule_of(args)
    for seconds, steps, mean in fit(
        net, partial(draw, faces, args.batch), partial(loss, net), schedule
    ):
        now = {name: round(v, 2) for name, v in errors(net.eval().cpu(), held).items()}
        net.train().to(args.device)
        print(
            f"{seconds / 60:.1f} min, {steps * args.batch} images, loss {mean:.3f}, %: {now}",
            flush=True,
        )
    export(net.eval().cpu(), args.out / "landmarks.safetensors")


if __name__ == "__main__":
    main()
