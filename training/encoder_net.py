"""Train the encoder on renders whose codes are known. Resumable; prints held-out errors.

    python -m training.encoder_net --model weights/faces.safetensors --data DATA --minutes 60

``--minutes`` counts over resumed runs; the learning rate falls to 0 at their end. Errors are the
mean squared distance to w in the metric of ``visible.py``: 1 is what the mean face gives, 0 is
perfect; of renders as they are, and of renders that look like photos.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inversion.encoder import SIDE, Encoder
from stylegan import Mapping, WStatistics, w_statistics
from weights import load as load_model
from weights.small import digest, save_small

from .augment import Jitter, Matrix, Source, after, background, photograph, place
from .data import Faces, load
from .fitting import Batch, Plan, calm, command, fit
from .samples import Sample, sample
from .visible import visible

MISALIGNED = Jitter(0.04, 0.04, 0.012)
STRENGTH = 0.5  # of the changes: a colour that may have been changed says nothing of the face's
ELSEWHERE = 0.4  # chance of another background


@dataclass(frozen=True)
class Course:
    """What the encoder is taught: w of this mapping, from these faces; ``metric`` weighs errors."""

    faces: Faces
    mapping: Mapping
    statistics: WStatistics
    metric: Float[Tensor, "k k"]

    def draw(self, count: int, source: Source) -> Batch:
        """(pictures in [-1, 1], z) of random samples."""
        rows = source.integers(len(self.faces), size=count)
        pairs = [self.example(int(row), source) for row in rows]
        return _stacked([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    def example(
        self, row: int, source: Source
    ) -> tuple[Float[np.ndarray, "128 128 3"], Float[np.ndarray, " z"]]:
        """A sample as photographed, and its code."""
        render = sample(self.faces, row)
        matrix = after(MISALIGNED.draw(SIDE, source), whole(render))
        behind = None
        if source.random() < ELSEWHERE:
            other = sample(self.faces, int(source.integers(len(self.faces))))
            behind = background(SIDE, plain(other), source)
        picture = place(render.picture, render.face, matrix, SIDE, behind)
        picture, z = photograph(picture, source, STRENGTH), render.z
        if source.random() < 0.5:
            picture, z = picture[:, ::-1], z * self.faces.layout.mirror_z.numpy()
        return picture, z

    def loss(self, encoder: Encoder, batch: Batch) -> Tensor:
        """Mean squared distance in the metric."""
        pictures, z = batch
        away = encoder.coordinates(pictures) - self.statistics.to_v(self.mapping(z))
        return (away @ self.metric).square().sum(1).mean()

    @torch.no_grad()
    def errors(self, encoder: Encoder, count: int = 300) -> dict[str, float]:
        """The loss over the first samples, as they are and as photographed."""
        source, rows = np.random.default_rng(1), range(min(count, len(self.faces)))
        changed = [self.example(row, source) for row in rows]
        clean = [(plain(sample(self.faces, row)), self.faces.z[row].numpy()) for row in rows]
        found: dict[str, float] = {}
        for name, pairs in (("renders", clean), ("photo-like", changed)):
            batch = _stacked([pair[0] for pair in pairs], [pair[1] for pair in pairs])
            found[name] = float(self.loss(encoder, batch))
        return found


def _stacked(pictures: list[np.ndarray], codes: list[np.ndarray]) -> Batch:
    pixels = np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2), dtype=np.float32)
    return torch.from_numpy(pixels) * 2 - 1, torch.from_numpy(np.stack(codes).astype(np.float32))


def plain(render: Sample) -> Float[np.ndarray, "128 128 3"]:
    """The render as it is, at the encoder's size."""
    resized = cv2.resize(render.picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return resized.astype(np.float32) / 255


def whole(render: Sample) -> Matrix:
    """From the px of the render to those of the whole of it at the encoder's size."""
    scale = SIDE / render.picture.shape[0]
    return np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])


def new(mapping: Mapping, statistics: WStatistics) -> Encoder:
    """An untrained encoder for the w of this mapping; it answers with the mean face."""
    encoder = Encoder(statistics.centre, statistics.axes, digest(mapping.state_dict()))
    torch.nn.init.zeros_(encoder.head.weight)
    torch.nn.init.zeros_(encoder.head.bias)
    return encoder


def main() -> None:
    """Parse, train, report every minute."""
    parser = command(__doc__, "runs/encoder")
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()
    calm()
    generator = load_model(args.model).generator
    mapping, statistics = generator.mapping, w_statistics(generator.mapping)
    metric = visible(generator, statistics)
    course, held = (Course(samples, mapping, statistics, metric) for samples in load(args.data))
    encoder = new(mapping, statistics)
    plan = Plan(args.minutes, 2e-3, args.out / "checkpoint.pt")
    learning = fit(encoder, partial(course.draw, args.batch), partial(course.loss, encoder), plan)
    for seconds, steps, mean in learning:
        now = {name: round(value, 3) for name, value in held.errors(encoder.eval()).items()}
        encoder.train()
        seen = f"{seconds / 60:.1f} min, {steps * args.batch} images, loss {mean:.3f}"
        print(f"{seen}, error: {now}", flush=True)
    facts = {"mapping": encoder.mapping, "side": str(SIDE)}
    save_small(encoder.state_dict(), facts, args.out / "encoder.safetensors")


if __name__ == "__main__":
    main()
