"""Train the encoder on renders whose codes are known. Resumable; prints held-out errors.

    python -m training.nets.encoder_net --model MODEL --data DATA --minutes 60

``--minutes`` counts over resumed runs; the learning rate falls to 0 at their end. Errors are the
mean squared distance to w in the metric of ``visible.py``: 1 is what the mean face gives, 0 is
perfect; of renders as they are, and of renders that look like photos.
"""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inversion.encoder import SIDE, Encoder
from inversion.target import face_weight
from stylegan import Generator, Mapping, WStatistics, w_statistics
from weights.aux_nets import digest, save_small
from weights.formats import load as load_model

from ..data import Faces, load
from .augment import Jitter, Matrix, Source, after, background, photograph, place
from .fitting import Batch, calm, command, fit, schedule_of
from .samples import Sample, sample
from .visible import visible

MISALIGNED = Jitter(0.04, 0.04, 0.012)
STRENGTH = 0.5  # of the changes: a colour that may have been changed says nothing of the face's
PICTURE_WEIGHT = 2.0  # of the mean absolute difference of two pictures
ELSEWHERE = 0.4  # chance of another background


@dataclass(frozen=True)
class Course:
    """What the encoder is taught: the w of these faces.

    Args:
        faces: renders and their codes.
        generator: whose w it is.
        statistics: of that w.
        metric: weighs errors of w.
        seen: px of the generator's pictures that are compared too; 0: none are (much quicker).
    """

    faces: Faces
    generator: Generator
    statistics: WStatistics
    metric: Float[Tensor, "k k"]
    seen: int = 0

    def on(self, device: str) -> "Course":
        """The same, with losses taken on this device."""
        generator, metric = deepcopy(self.generator).to(device), self.metric.to(device)
        statistics = self.statistics.to(torch.device(device))
        return replace(self, generator=generator, statistics=statistics, metric=metric)

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
            behind = background(SIDE, other.resized(SIDE), source)
        picture = place(render.picture, render.face, matrix, SIDE, behind)
        picture, z = photograph(picture, source, STRENGTH), render.z
        if source.random() < 0.5:
            picture, z = picture[:, ::-1], z * self.faces.layout.mirror_z.numpy()
        return picture, z

    def loss(self, encoder: Encoder, batch: Batch) -> Tensor:
        """Mean squared distance in the metric; and how much the pictures differ."""
        pictures, z = batch
        with torch.no_grad():
            w = self.generator.mapping(z)
        found = encoder.coordinates(pictures)
        away = ((found - self.statistics.to_v(w)) @ self.metric).square().sum(1).mean()
        if self.seen == 0:
            return away
        made, wanted = self.painted(self.statistics.to_w(found)), self.painted(w.detach())
        weight = face_weight(wanted[0])
        return away + PICTURE_WEIGHT * ((made - wanted).abs() * weight).mean()

    def painted(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n 3 s s"]:
        """The generator's pictures at ``seen`` px."""
        ws = w[:, None].expand(-1, self.generator.config.num_ws, -1)
        return self.generator(ws, "none", self.seen)

    @torch.no_grad()
    def errors(self, encoder: Encoder, count: int = 300) -> dict[str, float]:
        """The loss over the first samples, as they are and as photographed."""
        source, rows = np.random.default_rng(1), range(min(count, len(self.faces)))
        changed = [self.example(row, source) for row in rows]
        clean = [(sample(self.faces, row).resized(SIDE), self.faces.z[row].numpy()) for row in rows]
        found: dict[str, float] = {}
        for name, pairs in (("renders", clean), ("photo-like", changed)):
            batch = _stacked([pair[0] for pair in pairs], [pair[1] for pair in pairs])
            found[name] = float(replace(self, seen=0).loss(encoder, batch))
        return found


def _stacked(pictures: list[np.ndarray], codes: list[np.ndarray]) -> Batch:
    pixels = np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2), dtype=np.float32)
    return torch.from_numpy(pixels) * 2 - 1, torch.from_numpy(np.stack(codes).astype(np.float32))


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
    parser = command(__doc__, "runs/encoder", 2e-3)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--seen", type=int, default=0, help="px of pictures to compare; 0: none")
    args = parser.parse_args()
    calm()
    generator = load_model(args.model).generator
    statistics = w_statistics(generator.mapping)
    metric = visible(generator, statistics)
    course, held = (
        Course(samples, generator, statistics, metric, args.seen) for samples in load(args.data)
    )
    encoder = new(generator.mapping, statistics)
    loss = partial(course.on(args.device).loss, encoder)
    learning = fit(encoder, partial(course.draw, args.batch), loss, schedule_of(args))
    for seconds, steps, mean in learning:
        now = {name: round(v, 3) for name, v in held.errors(encoder.eval().cpu()).items()}
        encoder.train().to(args.device)
        seen = f"{seconds / 60:.1f} min, {steps * args.batch} images, loss {mean:.3f}"
        print(f"{seen}, error: {now}", flush=True)
    facts = {"mapping": encoder.mapping, "side": str(SIDE)}
    save_small(encoder.cpu().state_dict(), facts, args.out / "encoder.safetensors")


if __name__ == "__main__":
    main()
