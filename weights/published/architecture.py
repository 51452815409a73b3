"""Which StyleGAN2 a file describes: its configuration from the shapes of its tensors."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from re import fullmatch, search

import torch
from torch import Tensor

from stylegan import Config, Generator

from ..files import WeightsError
from ..formats import MOST_LAYERS
from ..reader.lazy_tensors import Stored
from ..reader.objects import shown
from .unfilled import filled, unfilled

LARGEST = 2048  # px
CONV = r"synthesis\.b(\d{1,4})\.conv1\.bias"
FULL = r"mapping\.fc\d{1,3}\.weight"
SIDES = [4 << k for k in range(LARGEST.bit_length() - 2)]  # of the blocks, in px
CONVS = [f"synthesis.b{side}.conv{k}" for side in SIDES for k in (0, 1)][1:]
FIR = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


@dataclass(frozen=True)
class Checkpoint:
    """A generator as a file describes it; its numbers are still there.

    Args:
        kind: of the file, in words.
        config: the generator's shape.
        tensors: all of its tensors by our names, in the shapes that ``config`` asks for.
    """

    kind: str
    config: Config
    tensors: Mapping[str, Stored]

    def generator(self) -> Generator:
        """Read the numbers.

        Raises:
            WeightsError: some are missing or no numbers.
        """
        state = {name: stored.read().contiguous() for name, stored in self.tensors.items()}
        if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
            raise WeightsError("This file is damaged: it holds values that are not numbers.")
        return filled(self.config, state)


def checkpoint(
    kind: str,
    tensors: Mapping[str, Stored],
    lr_multiplier: object = 0.01,
    conv_clamp: object = None,
    zero: Collection[str] = (),
) -> Checkpoint:
    """Check tensors, by our names, against the architecture that their shapes ask for.

    Args:
        kind: of the file, in words.
        tensors: all that the file holds of the generator.
        lr_multiplier: of the mapping.
        conv_clamp: see ``Config``.
        zero: tensors whose names end so may be missing: the generator computes without them.

    Raises:
        WeightsError: the architecture is another one, or tensors are missing.
    """
    shapes = {name: stored.shape for name, stored in tensors.items()}
    clamp = None if conv_clamp is None else _number(conv_clamp)
    config = _config(shapes, _number(lr_multiplier), clamp)
    wanted = {name: tuple(part.shape) for name, part in unfilled(config).state_dict().items()}
    for name in sorted(shapes.keys() - wanted.keys()):
        raise another(f"it has {shown(name)}")
    for name in sorted(wanted.keys() - shapes.keys()):
        if not name.endswith(tuple(zero)):
            raise another(f"it lacks {name}")
    for name in sorted(wanted.keys() & shapes.keys()):
        if wanted[name] != shapes[name]:
            raise another(f"{name} has the shape {shapes[name]}")
    found = {name: tensors.get(name) or _zeros(wanted[name]) for name in wanted}
    return Checkpoint(kind, config, found)


Changes = Mapping[str, Callable[[Tensor], Tensor]]
"""What is done to a tensor, by a pattern that our name of it has."""


def translated(
    name: str, stored: Stored, names: Mapping[str, str], views: Changes, changes: Changes
) -> tuple[str, Stored]:
    """(our name of another project's tensor, the tensor in our layout, with our numbers).

    Raises:
        WeightsError: StyleGAN2 has no such tensor, or it has other axes.
    """
    if name not in names:
        raise another(f"it has {shown(name)}")
    for pattern in views:
        stored = stored.viewed(views[pattern]) if search(pattern, names[name]) else stored
    for pattern in changes:
        stored = stored.altered(changes[pattern]) if search(pattern, names[name]) else stored
    return names[name], stored


def another(why: str) -> WeightsError:
    """What to say of a network that is no StyleGAN2 generator as we know it."""
    return WeightsError(f"This is another architecture than StyleGAN2's: {why}.")


def _zeros(shape: tuple[int, ...]) -> Stored:
    return Stored(shape, lambda: torch.zeros(shape))


Shapes = Mapping[str, tuple[int, ...]]


def _config(shapes: Shapes, lr_multiplier: float, conv_clamp: float | None) -> Config:
    channels = _channels(shapes)
    resolution = max(channels)
    depth = sum(fullmatch(FULL, name) is not None for name in shapes)
    if not 0 < depth <= MOST_LAYERS:
        raise another("it has no mapping")
    w_dim = _length(shapes, f"mapping.fc{depth - 1}.weight", 2, 0)
    c_dim = _length(shapes, "mapping.embed.weight", 2, 1) if "mapping.embed.weight" in shapes else 0
    z_dim = _length(shapes, "mapping.fc0.weight", 2, 1) - (w_dim if c_dim else 0)
    if z_dim < 1:
        raise another("its mapping takes no z")
    config = Config(
        resolution, z_dim, w_dim, mapping_layers=depth, lr_multiplier=lr_multiplier,
        mapping_features=_length(shapes, "mapping.fc0.weight", 2, 0), conv_clamp=conv_clamp,
        c_dim=c_dim,
    )  # fmt: skip
    return _with_channels(config, channels)


def _channels(shapes: Shapes) -> dict[int, int]:
    """The channels of each block, by its side."""
    sides = {int(m[1]): name for name in shapes if (m := fullmatch(CONV, name))}
    resolution = max(sides, default=0)
    if not 8 <= resolution <= LARGEST or set(sides) != {4 << k for k in range(len(sides))}:
        raise another("blocks are missing")
    const = shapes.get("synthesis.b4.const", ())
    if len(const) == 3 and const[1:] != (4, 4):
        raise WeightsError("This model's pictures are not square: only square ones can be used.")
    colours = _length(shapes, f"synthesis.b{resolution}.torgb.bias", 1, 0)
    if colours != 3:
        raise WeightsError(f"This model's pictures have {colours} channels: only RGB can be used.")
    return {side: _length(shapes, name, 1, 0) for side, name in sides.items()}


def _with_channels(config: Config, channels: Mapping[int, int]) -> Config:
    """With the channel_base, channel_max and channel_min that give these channels."""
    widest = max(channels.values())
    for least in (1, min(channels.values())):
        base = max((side * count for side, count in channels.items() if count > least), default=1)
        tried = replace(config, channel_base=base, channel_max=widest, channel_min=least)
        if all(tried.channels(side) == count for side, count in channels.items()):
            return tried
    counts = ", ".join(f"{count} at {side} px" for side, count in sorted(channels.items()))
    raise WeightsError(f"No StyleGAN2 has these channels: {counts}.")


def _length(shapes: Shapes, name: str, axes: int, axis: int) -> int:
    shape = shapes.get(name, ())
    if len(shape) != axes:
        raise another(f"it lacks {name}")
    return shape[axis]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise another("its multipliers are no numbers")
    return float(value)


def check_filter(stored: Stored, gain: float = 1.0) -> None:
    """The low-pass filter of a layer must be [1, 3, 3, 1], the one that our layers have.

    Raises:
        WeightsError: it is another one.
    """
    if stored.shape != (4, 4) or not torch.allclose(stored.read() / gain, FIR, atol=1e-5):
        raise another("its filters are not [1, 3, 3, 1]")
