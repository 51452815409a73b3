"""All that a file says of its generator, checked against the architecture that this asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from zlib import crc32

import torch
from torch import Tensor

from stylegan import Config, Generator, random_w

from ..files import WeightsError
from ..reader.lazy_tensors import Stored
from ..reader.objects import shown
from .architecture import another, configuration
from .unfilled import filled, unfilled

TO_RGB = ("weight", "bias", "affine.weight", "affine.bias")
MEAN = "mapping.w_avg"


@dataclass(frozen=True)
class Checkpoint:
    """A generator as a file describes it; its numbers are still there.

    Args:
        kind: of the file, in words.
        config: the generator's shape.
        tensors: all of its tensors by our names, in the shapes that ``config`` asks for.
        architecture: "skip", or "orig": the last block alone makes the picture.
        missing: the names of those tensors that are not in the file.
    """

    kind: str
    config: Config
    tensors: Mapping[str, Stored]
    architecture: str
    missing: frozenset[str]

    def generator(self) -> Generator:
        """Read the numbers; a mean of w that the file has not is that of random ones.

        Raises:
            WeightsError: some are missing or no numbers.
        """
        state = {name: stored.read().contiguous() for name, stored in self.tensors.items()}
        if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
            raise WeightsError("This file is damaged: it holds values that are not numbers.")
        generator = filled(self.config, state)
        if MEAN in self.missing:
            generator.mapping.w_avg = random_w(generator.mapping).mean(0)
        return generator


Fill = Callable[[str, tuple[int, ...]], Tensor]
"""What a tensor of this name and shape holds that is not in the file."""


def zeros(name: str, shape: tuple[int, ...]) -> Tensor:
    """The generator computes without it."""
    del name
    return torch.zeros(shape)


def noise(name: str, shape: tuple[int, ...]) -> Tensor:
    """Random numbers, always the same for this name."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(crc32(name.encode())))


@dataclass(frozen=True)
class Settings:
    """What a file says of its generator beside the tensors, as it says it.

    Args:
        architecture: see ``Checkpoint``.
        lr_multiplier: of the mapping.
        conv_clamp: see ``Config``.
        missing: what stands for tensors that may be missing, by the ends of their names.
    """

    architecture: object = "skip"
    lr_multiplier: object = 0.01
    conv_clamp: object = None
    missing: Mapping[str, Fill] = field(default_factory=dict[str, Fill])


def checkpoint(kind: str, tensors: Mapping[str, Stored], settings: Settings) -> Checkpoint:
    """Check tensors, by our names, against the architecture that their shapes ask for.

    Args:
        kind: of the file, in words.
        tensors: all that the file holds of the generator.
        settings: what it says beside them.

    Raises:
        WeightsError: the architecture is another one, or tensors are missing.
    """
    drawn = _architecture(settings.architecture)
    shapes = {name: stored.shape for name, stored in tensors.items()}
    config = configuration(shapes, settings.lr_multiplier, settings.conv_clamp)
    wanted = {name: tuple(part.shape) for name, part in unfilled(config).state_dict().items()}
    for name in sorted(shapes.keys() - wanted.keys()):
        raise another(f"it has {shown(name)}")
    for name in sorted(wanted.keys() & shapes.keys()):
        if wanted[name] != shapes[name]:
            raise another(f"{name} has the shape {shapes[name]}")
    absent = sorted(wanted.keys() - shapes.keys())
    fills = {**dict.fromkeys(lacked(config, drawn), zeros), **settings.missing}
    missing = {name: _filled(name, wanted[name], fills) for name in absent}
    found = {name: tensors.get(name) or missing[name] for name in wanted}
    return Checkpoint(kind, config, found, drawn, frozenset(missing))


def lacked(config: Config, architecture: str) -> set[str]:
    """The names of the tensors that a generator of this architecture has not."""
    sides = config.blocks[:-1] if architecture == "orig" else ()
    return {f"synthesis.b{side}.torgb.{part}" for side in sides for part in TO_RGB}


def _architecture(word: object) -> str:
    if word not in ("skip", "orig"):
        kind = shown(str(word))
        raise WeightsError(f"This model's architecture is {kind}: only skip and orig can be used.")
    return str(word)


def _filled(name: str, shape: tuple[int, ...], fills: Mapping[str, Fill]) -> Stored:
    for end, fill in fills.items():
        if name.endswith(end):
            return Stored(shape, partial(fill, name, shape))
    raise another(f"it lacks {name}")
