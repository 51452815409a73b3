"""Which StyleGAN2 a file describes: its configuration from the shapes of its tensors.

checkpoint.py   all that a file says of a generator, checked against it
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from re import fullmatch, search

import torch
from torch import Tensor

from stylegan import Config

from ..files import WeightsError
from ..formats import MOST_LAYERS
from ..reader.lazy_tensors import Stored
from ..reader.objects import shown

LARGEST = 2048  # px
CONV = r"synthesis\.b(\d{1,4})\.conv1\.bias"
FULL = r"mapping\.fc\d{1,3}\.weight"
SIDES = [4 << k for k in range(LARGEST.bit_length() - 2)]  # of the blocks, in px
CONVS = [f"synthesis.b{side}.conv{k}" for side in SIDES for k in (0, 1)][1:]
FIR = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


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


Shapes = Mapping[str, tuple[int, ...]]


def configuration(shapes: Shapes, lr_multiplier: object, conv_clamp: object) -> Config:
    """That of the generator whose tensors have these shapes; the rest as the file says it.

    Raises:
        WeightsError: it is another architecture.
    """
    multiplier = _number(lr_multiplier)
    clamp = None if conv_clamp is None else _number(conv_clamp)
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
        resolution, z_dim, w_dim, mapping_layers=depth, lr_multiplier=multiplier,
        mapping_features=_length(shapes, "mapping.fc0.weight", 2, 0), conv_clamp=clamp,
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
