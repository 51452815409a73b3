"""PyTorch generators as NVIDIA pickles them (stylegan2-ada-pytorch, and StyleGAN2 in stylegan3).

Each layer is a call of ``_reconstruct_persistent_obj`` with its source text, which NVIDIA's loader
runs, and its attributes. The source is left in the file; the attributes say what is computed: they
are what the networks' own code reads, wherever their constructors' arguments were nested.
"""

from collections.abc import Iterator

from ..files import WeightsError
from ..reader import objects
from ..reader.lazy_tensors import tensor
from ..reader.objects import Object, dictionary, malformed, shown
from ..reader.torch_files import Container
from .architecture import another, check_filter
from .checkpoint import Checkpoint, Settings, checkpoint, zeros

MOST_PARTS = 3000  # a 1024 px generator has 64 layers with 182 tensors; a file may share parts
DEEPEST = 8
PLAIN = (str, int, float, bool, type(None))


def from_nvidia(network: object, container: Container) -> Checkpoint:
    """A generator from its pickled object (``G_ema`` of a training snapshot).

    Raises:
        WeightsError: it is another network, another architecture, or damaged.
    """
    layers = dict(_layers(network))
    _check_kind(network, layers)
    tensors = {
        _joined(name, own): tensor(value, container)
        for name, layer in layers.items()
        for own, value in (_kept(layer, "_parameters") | _kept(layer, "_buffers")).items()
        if value is not None
    }
    for name in [name for name in tensors if name.endswith("resample_filter")]:
        check_filter(tensors.pop(name))
    convs = [part for name, part in layers.items() if name.endswith((".conv0", ".conv1"))]
    silent = _only("use_noise", convs) is False
    missing = {"noise_strength": zeros, "noise_const": zeros} if silent else {}
    full = [part for name, part in layers.items() if name.startswith("mapping.fc")]
    if {_only("activation", convs), _only("activation", full)} != {"lrelu"}:
        raise another("its activations are not leaky ReLUs")
    clamp, multiplier = _only("conv_clamp", convs), _only("bias_gain", full)
    settings = Settings(_drawn(layers), multiplier, clamp, missing)
    return checkpoint("NVIDIA, PyTorch", tensors, settings)


def _layers(network: object) -> Iterator[tuple[str, dict[object, object]]]:
    """(name, attributes) of the network and of the layers in it."""
    waiting, seen = [("", network)], 0
    while waiting:
        name, value = waiting.pop()
        layer = dictionary(_meta(value).get("state"))
        children = _kept(layer, "_modules")
        seen += len(children) + len(_kept(layer, "_parameters")) + len(_kept(layer, "_buffers"))
        if seen > MOST_PARTS or name.count(".") > DEEPEST:
            raise malformed()
        waiting += [(_joined(name, child), part) for child, part in children.items()]
        yield name, layer


def _kept(layer: dict[object, object], kind: str) -> dict[object, object]:
    return dictionary(layer.get(kind))


def _meta(value: object) -> dict[object, object]:
    """What is said of a network or a layer: class name, source text, state."""
    match value:
        case Object(objects.PERSISTENT, (dict() as meta,)):
            return meta
        case _:
            raise malformed()


def _joined(name: str, child: object) -> str:
    if not isinstance(child, str) or not child or "." in child:
        raise malformed()
    return f"{name}.{child}" if name else child


def _check_kind(network: object, layers: dict[str, dict[object, object]]) -> None:
    """Say what a network is that is no StyleGAN2 generator."""
    if "synthesis.input" in layers:
        raise WeightsError("This is a StyleGAN3 model: only StyleGAN2 models can be used.")
    if not {"mapping", "synthesis"} <= layers.keys():
        kind = _meta(network).get("class_name")
        kind = shown(kind) if isinstance(kind, str) else "network"
        raise WeightsError(f"This file holds a {kind}: only StyleGAN2 generators can be used.")


def _drawn(layers: dict[str, dict[object, object]]) -> object:
    """The architecture: how the blocks make the picture."""
    blocks = [part for name, part in layers.items() if name.startswith("synthesis.b")]
    return _only("architecture", [part for part in blocks if "architecture" in part])


def _only(attribute: str, layers: list[dict[object, object]]) -> object:
    """An attribute that must be the same in all these layers."""
    values = [layer.get(attribute, Object) for layer in layers]
    if not values:
        raise another("it lacks layers")
    if any(type(value) not in PLAIN for value in values):
        raise malformed()
    if any(value != values[0] for value in values):
        raise another(f"its layers differ in {attribute}")
    return values[0]
