"""Generators of the TensorFlow StyleGAN2, pickled as (G, D, Gs): its names of the tensors, in ours.

The last is the one to use: its weights are averaged over training.
"""

from collections.abc import Iterator
from itertools import product

from ..files import WeightsError
from ..formats import MOST_LAYERS
from ..reader.lazy_tensors import Stored, array
from ..reader.objects import Object, dictionary, malformed
from ..reader.torch_files import Container
from .architecture import CONVS, SIDES, Changes, translated
from .checkpoint import Checkpoint, Settings, checkpoint

MOST_NETWORKS = 16  # G holds two: mapping and synthesis
MOST_VARIABLES = 1000  # of one of them; at 1024 px there are 150
STYLE_CONV = {
    "weight": "weight", "bias": "bias", "noise_strength": "noise_strength",
    "mod_weight": "affine.weight", "mod_bias": "affine.bias",
}  # fmt: skip
LAYERS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb"}
NEEDED = {
    "resample_kernel": [1, 3, 3, 1], "nonlinearity": "lrelu",
    "mapping_nonlinearity": "lrelu", "label_size": 0, "num_channels": 3, "use_noise": True,
    "normalize_latents": True,
}  # fmt: skip


def _names() -> dict[str, str]:
    """Our names, by its."""
    names = {"dlatent_avg": "mapping.w_avg", "synthesis/4x4/Const/const": "synthesis.b4.const"}
    names |= {f"synthesis/noise{k}": f"{conv}.noise_const" for k, conv in enumerate(CONVS)}
    for k in range(MOST_LAYERS):
        names |= {
            f"mapping/Dense{k}/{part}": f"mapping.fc{k}.{part}" for part in ("weight", "bias")
        }
    for side, layer, part in product(SIDES, LAYERS, STYLE_CONV):
        ours = f"synthesis.b{side}.{LAYERS[layer]}.{STYLE_CONV[part]}"
        names[f"synthesis/{side}x{side}/{layer}/{part}"] = ours
    return names


NAMES = _names()
VIEWS: Changes = {
    r"(fc\d+|affine)\.weight$": lambda x: x.permute(1, 0),  # [in out]
    r"(conv\d|torgb)\.weight$": lambda x: x.permute(3, 2, 0, 1),  # [height width in out]
    r"\.const$": lambda x: x[0],
    r"noise_const$": lambda x: x[0, 0],
}
CHANGES: Changes = {
    r"conv0\.weight$": lambda x: x.flip(2, 3),  # its up-convolution correlates
    r"affine\.bias$": lambda x: x + 1,
}


def from_tensorflow(network: object, container: Container) -> Checkpoint:
    """A generator from its pickled network (Gs).

    Raises:
        WeightsError: it is another architecture, incomplete, or damaged.
    """
    settings = dictionary(_state(network).get("static_kwargs"))
    for name, ours in NEEDED.items():
        if settings.get(name, ours) != ours:
            raise WeightsError(f"This model's {name} is another than {ours}: it cannot be used.")
    tensors: dict[str, Stored] = {}
    for name, value in _variables(network):
        if name.rpartition("/")[2] != "lod":  # how far training had grown it
            ours, stored = translated(name, array(value, container), NAMES, VIEWS, CHANGES)
            tensors[ours] = stored
    multiplier, clamp = settings.get("mapping_lrmul", 0.01), settings.get("conv_clamp")
    stated = Settings(settings.get("architecture", "skip"), multiplier, clamp)
    return checkpoint("NVIDIA, TensorFlow", tensors, stated)


def _variables(network: object) -> Iterator[tuple[str, object]]:
    """(name, array) of a network and of those in it."""
    waiting, seen = [("", network)], 0
    while waiting:
        prefix, value = waiting.pop()
        state = _state(value)
        variables, parts = state.get("variables"), dictionary(state.get("components", {}))
        if not isinstance(variables, list):
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
    return dictionary(network.state if isinstance(network, Object) else None)
