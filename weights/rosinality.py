"""Generators of rosinality's stylegan2-pytorch: its names of the tensors, in ours."""

from re import Match, fullmatch

from torch import Tensor

from .architecture import Checkpoint, another, check_filter, checkpoint
from .formats import WeightsError
from .objects import malformed, shown
from .stored import tensor
from .torch_files import Container

MOST_TENSORS = 1000  # at 1024 px there are 210
STYLE_CONV = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
}
TO_RGB = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "bias": "bias",
}
FILTER_GAIN = 4.0  # its filters are stored with the gain of zero-stuffed input


def from_rosinality(value: object, container: Container) -> Checkpoint:
    """A generator from a checkpoint ``{"g_ema": ..., "latent_avg": ...}``.

    Raises:
        WeightsError: it is another architecture, incomplete, or damaged.
    """
    state = value.get("g_ema") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(state, dict):
        raise WeightsError("This file holds no generator (g_ema).")
    if len(state) > MOST_TENSORS:
        raise malformed()
    if "latent_avg" not in value:
        raise WeightsError("This file lacks latent_avg, the mean of w: convert it with that.")
    tensors = {"mapping.w_avg": tensor(value["latent_avg"], container)}
    for name, part in state.items():
        stored = tensor(part, container)
        if str(name).endswith(".kernel"):
            check_filter(stored, FILTER_GAIN)
        else:
            ours = _ours(str(name))
            tensors[ours] = stored.viewed(_layout(ours))
    return checkpoint("rosinality, PyTorch", tensors)


def _ours(name: str) -> str:
    """Our name of a tensor."""
    if name == "input.input":
        return "synthesis.b4.const"
    if m := fullmatch(r"style\.([1-9]\d?)\.(weight|bias)", name):
        return f"mapping.fc{int(m[1]) - 1}.{m[2]}"
    if m := fullmatch(r"noises\.noise_(\d\d?)", name):
        return f"{_style_conv(int(m[1]) - 1)}.noise_const"
    m = fullmatch(r"(conv1|convs\.\d\d?)\.(.*)", name)
    if m and m[2] in STYLE_CONV:
        return f"{_style_conv(_index(m))}.{STYLE_CONV[m[2]]}"
    m = fullmatch(r"(to_rgb1|to_rgbs\.\d\d?)\.(.*)", name)
    if m and m[2] in TO_RGB:
        return f"synthesis.b{4 << _index(m) + 1}.torgb.{TO_RGB[m[2]]}"
    raise another(f"it has {shown(name)}")


def _index(m: Match[str]) -> int:
    """The number in ``convs.3`` and the like; -1 for the 4 px block's."""
    return int(m[1].partition(".")[2] or -1)


def _style_conv(index: int) -> str:
    if index < 0:
        return "synthesis.b4.conv1"
    return f"synthesis.b{8 << index // 2}.conv{index % 2}"


def _layout(name: str):
    """From its layout to ours: ones in front, or around."""

    def change(tensor: Tensor) -> Tensor:
        if name.endswith("noise_const"):
            return tensor.flatten(0, -2)
        if name.endswith("noise_strength"):
            return tensor.flatten()[0]
        if name.endswith("torgb.bias"):
            return tensor.flatten()
        leading = tensor.ndim == (5 if name.endswith(".weight") else 4)
        return tensor[0] if leading else tensor

    return change
