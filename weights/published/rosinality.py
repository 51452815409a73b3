"""Generators of rosinality's stylegan2-pytorch: its names of the tensors, in ours."""

from ..formats import MOST_LAYERS
from ..reader.lazy_tensors import Stored, tensor
from ..reader.objects import malformed
from ..reader.torch_files import Container
from .architecture import CONVS, SIDES, Changes, check_filter, translated
from .checkpoint import MEAN, Checkpoint, Settings, checkpoint, noise, zeros

MOST_TENSORS = 1000  # at 1024 px there are 210
FILTER_GAIN = 4.0  # its filters are stored with the gain of zero-stuffed input
MODULATED = {
    "conv.weight": "weight", "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
}  # fmt: skip
STYLE_CONV = MODULATED | {"noise.weight": "noise_strength", "activate.bias": "bias"}
TO_RGB = MODULATED | {"bias": "bias"}


def _names() -> dict[str, str]:
    """Our names, by its."""
    names = {"input.input": "synthesis.b4.const"}
    for k in range(MOST_LAYERS):
        names |= {f"style.{k + 1}.{part}": f"mapping.fc{k}.{part}" for part in ("weight", "bias")}
    for k, conv in enumerate(CONVS):
        layer = f"convs.{k - 1}" if k else "conv1"
        names |= {f"{layer}.{part}": f"{conv}.{ours}" for part, ours in STYLE_CONV.items()}
        names[f"noises.noise_{k}"] = f"{conv}.noise_const"
    for k, side in enumerate(SIDES):
        layer, torgb = f"to_rgbs.{k - 1}" if k else "to_rgb1", f"synthesis.b{side}.torgb"
        names |= {f"{layer}.{part}": f"{torgb}.{ours}" for part, ours in TO_RGB.items()}
    return names


NAMES = _names()
VIEWS: Changes = {
    r"(conv\d|torgb)\.weight$|\.const$|noise_strength$": lambda x: x[0],
    r"noise_const$": lambda x: x[0, 0],
    r"torgb\.bias$": lambda x: x.flatten(),
}


def state_dict(value: dict[object, object]) -> dict[object, object] | None:
    """What has its names: ``g_ema``, or else the value itself or something in it, if anything."""
    for part in (value.get("g_ema"), value, *value.values()):
        if isinstance(part, dict) and "input.input" in part:
            return part
    return None


def from_rosinality(
    state: dict[object, object], latent_avg: object, container: Container
) -> Checkpoint:
    """A generator from its state dict and the mean of w ([512] or [1 512]; None: sampled).

    Its training writes no mean. What has no noise maps gets some at random in that code, and here
    always the same.

    Raises:
        WeightsError: it is another architecture, incomplete, or damaged.
    """
    if len(state) > MOST_TENSORS:
        raise malformed()
    tensors: dict[str, Stored] = {}
    if latent_avg is not None:
        tensors[MEAN] = tensor(latent_avg, container).viewed(lambda x: x.flatten())
    for name, part in state.items():
        stored = tensor(part, container)
        if str(name).endswith(".kernel"):
            check_filter(stored, FILTER_GAIN)
        else:
            ours, stored = translated(str(name), stored, NAMES, VIEWS, {})
            tensors[ours] = stored
    settings = Settings(missing={"noise_const": noise, MEAN: zeros})
    return checkpoint("rosinality, PyTorch", tensors, settings)
