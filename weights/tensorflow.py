"""Generators of the TensorFlow StyleGAN2, pickled as (G, D, Gs): its names of the tensors, in ours.

The last is the one to use: its weights are averaged over training.
"""

from collections.abc import Iterator
from re import fullmatch

from torch import Tensor

from .architecture import Checkpoint, another, checkpoint
from .formats import WeightsError
from .objects import TF_NETWORK, Object, malformed, shown
from .stored import Stored, array
from .torch_files import Container

MOST_NETWORKS = 16  # G holds two: mapping and synthesis
MOST_VARIABLES = 1000  # of one of them; at 1024 px there are 150
STYLE_CONV = {
    "weight": "weight", "bias": "bias", "noise_strength": "noise_strength",
    "mod_weight": "affine.weight", "mod_bias": "affine.bias",
}  # fmt: skip
LAYERS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb"}
NEEDED = {
    "resample_kernel": [1, 3, 3, 1], "architecture": "skip", "nonlinearity": "lrelu",
    "mapping_nonlinearity": "lrelu", "label_size": 0, "num_channels": 3, "use_noise": True,
    "normalize_latents": True,
}  # fmt: skip


def is_networks(value: object) -> bool:
    """Whether a pickled value is (G, D, Gs)."""
    return (
        isinstance(value, tuple)
        and len(value) == 3
        and all(isinstance(part, Object) and part.maker == TF_NETWORK for part in value)
    )


def from_tensorflow(network: object, container: Container) -> Checkpoint:
    """A generator from its pickled network (Gs).

    Raises:
        WeightsError: it is another architecture, incomplete, or damaged.
    """
    settings = _state(network).get("static_kwargs")
    if not isinstance(settings, dict):
        raise malformed()
    for name, ours in NEEDED.items():
        if settings.get(name, ours) != ours:
            raise WeightsError(f"This model's {name} is another than {ours}: it cannot be used.")
    tensors: dict[str, Stored] = {}
    for name, value in _variables(network):
        if name.rpartition("/")[2] != "lod":  # how far training had grown it
            ours, stored = _placed(name, array(value, container))
            tensors[ours] = stored
    multiplier, clamp = settings.get("mapping_lrmul", 0.01), settings.get("conv_clamp")
    return checkpoint("NVIDIA, TensorFlow", tensors, multiplier, clamp)


def _variables(network: object) -> Iterator[tuple[str, object]]:
    """(name, array) of a network and of those in it."""
    waiting, seen = [("", network)], 0
    while waiting:
        prefix, value = waiting.pop()
        state = _state(value)
        variables, parts = state.get("variables"), state.get("components", {})
        if not isinstance(variables, list) or not isinstance(parts, dict):
            raise malformed()
        seen += 1 + len(parts)
        if seen > MOST_NETWORKS or len(variables) > MOST_VARIABLES:
            raise malformed()
        waiting += [(f"{prefix}{name}/", part) for name, part in parts.items()]
        for variable in variables:
            if not isinstance(variable, tuple) or len(variable) != 2:
                raise malformed()
            yield f"{prefix}{variable[0]}" if isinstance(variable[0], str) else "", variable[1]


def _state(network: object) -> dict[object, object]:
    state = network.state if isinstance(network, Object) else None
    if not isinstance(state, dict):
        raise malformed()
    return state


def _placed(name: str, stored: Stored) -> tuple[str, Stored]:
    """(our name of a variable, the variable in our layout)."""
    if name == "dlatent_avg":
        return "mapping.w_avg", stored
    if m := fullmatch(r"mapping/Dense(\d\d?)/(weight|bias)", name):
        ours = f"mapping.fc{m[1]}.{m[2]}"
        return ours, stored.viewed(_transposed) if m[2] == "weight" else stored
    if name == "synthesis/4x4/Const/const":
        return "synthesis.b4.const", stored.viewed(lambda x: x[0])
    if m := fullmatch(r"synthesis/noise(\d\d?)", name):
        side, conv = 4 << (int(m[1]) + 1) // 2, 1 - int(m[1]) % 2
        return f"synthesis.b{side}.conv{conv}.noise_const", stored.viewed(lambda x: x[0, 0])
    m = fullmatch(r"synthesis/(\d{1,4})x\1/(\w+)/(\w+)", name)
    if not m or m[2] not in LAYERS or m[3] not in STYLE_CONV:
        raise another(f"it has {shown(name)}")
    ours = f"synthesis.b{m[1]}.{LAYERS[m[2]]}.{STYLE_CONV[m[3]]}"
    return ours, _in_layer(stored, m[3], turned=m[2] == "Conv0_up")


def _in_layer(stored: Stored, variable: str, turned: bool) -> Stored:
    """A layer's variable; ``turned``: by half, because its up-convolution correlates."""
    if variable == "weight":
        stored = stored.viewed(_convolution)
        return stored.altered(lambda x: x.flip(2, 3)) if turned else stored
    if variable == "mod_weight":
        return stored.viewed(_transposed)
    return stored.altered(lambda x: x + 1) if variable == "mod_bias" else stored


def _transposed(x: Tensor) -> Tensor:
    """[in out] -> [out in]."""
    return x.permute(1, 0)


def _convolution(x: Tensor) -> Tensor:
    """[height width in out] -> [out in height width]."""
    return x.permute(3, 2, 0, 1)
