"""Writes model files as others' programs do, without their code: nested calls by name."""

import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from stylegan import Config, Generator

FIR = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64
SOURCE = "raise SystemExit('this text was run')\n" + "# a network's source text\n" * 2000


@dataclass(frozen=True, eq=False)
class Name:
    """Something that a pickle refers to by name, though nobody here has it."""

    module: str
    name: str


@cache
def named(module: str, name: str) -> Name:
    return Name(module, name)


@dataclass(eq=False)
class Call:
    """What reading the pickle would call, in a reader that does; ``new``: as a class is made."""

    maker: Name
    arguments: tuple = ()
    state: Any = None
    items: dict = field(default_factory=dict)
    new: bool = False


@dataclass(frozen=True, eq=False)
class Raw:
    """Opcodes that push one value, written as they are."""

    opcodes: bytes


@dataclass(frozen=True, eq=False)
class Persistent:
    """What stands for a storage outside of the pickle."""

    parts: tuple


class Pickler(pickle._Pickler):
    """Python's own pickler, in which names need not exist; ``old``: those of numpy before 2."""

    dispatch: ClassVar[dict] = dict(pickle._Pickler.dispatch)

    def __init__(self, file, protocol=None, old: bool = False, **rest):
        super().__init__(file, protocol, **rest)
        self.old = old

    def save_global(self, obj, name=None):
        name = name or obj.__qualname__
        module = pickle.whichmodule(obj, name)
        if self.old:
            module = module.replace("numpy._core", "numpy.core")
        if self.proto < 3:
            module = module.replace("builtins", "__builtin__")
        self.write_name(obj, module, name)

    def write_name(self, obj, module, name):
        if self.proto >= 4:
            self.save(module)
            self.save(name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    def save_name(self, obj):
        self.write_name(obj, obj.module, obj.name)

    def save_type(self, obj):
        self.save_global(obj)

    def save_call(self, obj):
        self.save(obj.maker)
        self.save(obj.arguments)
        self.write(pickle.NEWOBJ if obj.new else pickle.REDUCE)
        self.memoize(obj)
        if obj.items:
            self.write(pickle.MARK)
            for pair in obj.items.items():
                self.save(pair[0])
                self.save(pair[1])
            self.write(pickle.SETITEMS)
        if obj.state is not None:
            self.save(obj.state)
            self.write(pickle.BUILD)

    def save_raw(self, obj):
        self.write(obj.opcodes)

    def save_outside(self, obj):
        self.save(obj.parts)
        self.write(pickle.BINPERSID)

    dispatch[type] = save_type
    dispatch[type(named)] = save_global
    dispatch[type(lambda: 0)] = save_global
    dispatch[Name] = save_name
    dispatch[Call] = save_call
    dispatch[Raw] = save_raw
    dispatch[Persistent] = save_outside


def pickled(value: object, protocol: int = 4, old: bool = False) -> bytes:
    file = BytesIO()
    Pickler(file, protocol, old).dump(value)
    return file.getvalue()


def torch_saved(value: object, zipped: bool = True) -> bytes:
    """What torch.save writes."""

    def dump(value, file, protocol):
        Pickler(file, protocol).dump(value)

    file = BytesIO()
    module: Any = SimpleNamespace(__name__="ours", Pickler=Pickler, dump=dump)
    torch.save(value, file, pickle_module=module, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def easy(items: dict) -> Call:
    """NVIDIA's dictionary with attributes."""
    return Call(named("dnnlib.util", "EasyDict"), items=items, new=True)


Warp = Callable[[str, dict[str, Any]], None]


def unchanged(name: str, state: dict[str, Any]) -> None:
    """Leave a layer's attributes as they are."""


def drawn_last(side: int) -> Warp:
    """The architecture "orig": only the block of this side makes a picture."""

    def change(name: str, state: dict[str, Any]) -> None:
        if "architecture" in state:
            state["architecture"] = "orig"
            if name != f"synthesis.b{side}":
                del state["_modules"]["torgb"]

    return change


def persistent(kind: str, state: dict[str, Any]) -> Call:
    """A network or a layer as NVIDIA pickles it."""
    meta = {"type": "class", "version": 6, "module_src": SOURCE, "class_name": kind}
    maker = named("torch_utils.persistence", "_reconstruct_persistent_obj")
    return Call(maker, ({**meta, "state": state},))


def nvidia(
    generator: Generator, kwargs: dict[str, Any] | None = None, change: Warp = unchanged
) -> Call:
    """A generator as NVIDIA's programs pickle it; ``change`` may alter a layer's attributes."""
    config = generator.config
    kwargs = {"z_dim": config.z_dim, "c_dim": config.c_dim, **(kwargs or {})}
    return _layer("", generator, config, kwargs, change)


def _layer(name: str, module: nn.Module, config: Config, kwargs: dict, change: Warp) -> Call:
    kind, attributes = _attributes(name, module, config)
    inner = {
        part: _layer(f"{name}.{part}".strip("."), child, config, {}, change)
        for part, child in module.named_children()
    }
    buffers = dict(module._buffers)
    if kind in ("SynthesisLayer", "SynthesisBlock"):
        buffers["resample_filter"] = FIR.clone()
    state: dict[str, Any] = {
        "training": False,
        "_parameters": OrderedDict(module._parameters),
        "_buffers": OrderedDict(buffers),
        "_non_persistent_buffers_set": set(),
        "_backward_hooks": OrderedDict(),
        "_is_full_backward_hook": None,
        "_modules": OrderedDict(inner),
        "_init_args": (),
        "_init_kwargs": easy(kwargs),
        **attributes,
    }
    change(name, state)
    return persistent(kind, state)


def _attributes(name: str, module: nn.Module, config: Config) -> tuple[str, dict[str, Any]]:
    part = name.rpartition(".")[2]
    if name == "":
        return "Generator", {
            "z_dim": config.z_dim, "c_dim": config.c_dim, "w_dim": config.w_dim,
            "img_resolution": config.resolution, "img_channels": 3, "num_ws": config.num_ws,
        }  # fmt: skip
    if name == "mapping":
        return "MappingNetwork", {"num_layers": config.mapping_layers, "w_avg_beta": 0.995}
    if name == "synthesis":
        return "SynthesisNetwork", {"img_resolution": config.resolution, "w_dim": config.w_dim}
    if part in ("conv0", "conv1"):
        return "SynthesisLayer", {
            "use_noise": True, "activation": "lrelu", "conv_clamp": config.conv_clamp,
            "up": 2 if part == "conv0" else 1, "act_gain": np.float64(np.sqrt(2)),
        }  # fmt: skip
    if part == "torgb":
        return "ToRGBLayer", {"conv_clamp": config.conv_clamp}
    if name.startswith("synthesis.") and part.startswith("b"):
        return "SynthesisBlock", {"architecture": "skip", "resolution": int(part[1:])}
    full = part.startswith("fc")
    gain = config.lr_multiplier if full else 1
    return "FullyConnectedLayer", {
        "activation": "lrelu" if full else "linear", "bias_gain": gain,
        "weight_gain": gain / np.sqrt(np.float64(module.get_parameter("weight").shape[1])),
    }  # fmt: skip


def discriminator(numbers: int = 64) -> Call:
    """Something beside the generators, as large as wanted."""
    state = {"_parameters": {"weight": nn.Parameter(torch.ones(numbers))}, "_buffers": {}}
    return persistent("Discriminator", {**state, "_modules": {}, "_init_kwargs": easy({})})


def snapshot(generator: Call, beside: int = 64) -> dict[str, Any]:
    """What NVIDIA's training writes."""
    return {
        "G": discriminator(beside),
        "D": discriminator(beside),
        "G_ema": generator,
        "training_set_kwargs": easy({"class_name": "training.dataset.ImageFolderDataset"}),
        "augment_pipe": persistent("AugmentPipe", {"Hz_fbank": np.eye(3), "p": torch.ones(())}),
    }


def tensorflow(generator: Generator, **settings: Any) -> Call:
    """A generator as the TensorFlow program pickles it."""
    state = generator.state_dict()
    variables: dict[str, list] = {"": [], "mapping": [], "synthesis": [("lod", np.float32(0))]}
    for name, tensor in state.items():
        path, array = _tensorflow(name, tensor)
        group = path.partition("/")[0] if "/" in path else ""
        value = np.array(array, order="C")[()]  # a session gives scalars for arrays without axes
        variables[group].append((path.removeprefix(f"{group}/"), value))
    parts = easy({group: _network(variables[group]) for group in ("mapping", "synthesis")})
    known = {"resolution": generator.config.resolution, "fmap_max": 512, "label_size": 0}
    return _network(variables[""], parts, {**known, **settings})


def _network(variables: list, parts: Call | None = None, settings: dict | None = None) -> Call:
    state = {
        "version": 4, "name": "G", "static_kwargs": easy(settings or {}),
        "components": parts or easy({}), "build_module_src": SOURCE, "build_func_name": "G_main",
        "variables": variables,
    }  # fmt: skip
    return Call(named("dnnlib.tflib.network", "Network"), state=state, new=True)


def _tensorflow(name: str, tensor: Tensor) -> tuple[str, np.ndarray]:
    """(name, value) of a variable."""
    value, parts = tensor.numpy(), name.split(".")
    if name == "mapping.w_avg":
        return "dlatent_avg", value
    if parts[0] == "mapping":
        return f"mapping/Dense{parts[1][2:]}/{parts[2]}", value.T
    side = int(parts[1][1:])
    if name.endswith("const") and side == 4 and parts[2] == "const":
        return "synthesis/4x4/Const/const", value[None]
    if name.endswith("noise_const"):
        number = 2 * int(np.log2(side)) - (5 if parts[2] == "conv0" else 4)
        return f"synthesis/noise{number}", value[None, None]
    layer = {"conv0": "Conv0_up", "torgb": "ToRGB", "conv1": "Conv" if side == 4 else "Conv1"}
    path = f"synthesis/{side}x{side}/{layer[parts[2]]}"
    if parts[3] == "affine":
        return f"{path}/mod_{parts[4]}", value.T if parts[4] == "weight" else value - 1
    if parts[3] != "weight":
        return f"{path}/{parts[3]}", value
    value = value.transpose(2, 3, 1, 0)
    return f"{path}/weight", value[::-1, ::-1] if parts[2] == "conv0" else value


def rosinality(generator: Generator) -> dict[str, Any]:
    """A generator as rosinality's program names it."""
    state: OrderedDict[str, Any] = OrderedDict()
    for name, tensor in generator.state_dict().items():
        if name != "mapping.w_avg":
            path, value = _rosinality(name, tensor)
            state[path] = value.clone()
    for k in range(generator.config.num_ws // 2 - 1):
        state[f"convs.{2 * k}.conv.blur.kernel"] = 4 * FIR
        state[f"to_rgbs.{k}.upsample.kernel"] = 4 * FIR
    state._metadata = OrderedDict({"": {"version": 1}})  # type: ignore[attr-defined]
    return {"g_ema": state, "latent_avg": generator.mapping.w_avg.clone()}


def _rosinality(name: str, tensor: Tensor) -> tuple[str, Tensor]:
    parts = name.split(".")
    if parts[0] == "mapping":
        return f"style.{int(parts[1][2:]) + 1}.{parts[2]}", tensor
    k = int(np.log2(int(parts[1][1:]))) - 3
    if parts[2] == "const":
        return "input.input", tensor[None]
    index = 2 * k + (parts[2] == "conv1")
    if parts[3] == "noise_const":
        return f"noises.noise_{index + 1}", tensor[None, None]
    path = (f"to_rgbs.{k}" if k >= 0 else "to_rgb1") if parts[2] == "torgb" else f"convs.{index}"
    path = path.replace("convs.-1", "conv1")
    if parts[3] == "affine":
        return f"{path}.conv.modulation.{parts[4]}", tensor
    if parts[3] == "weight":
        return f"{path}.conv.weight", tensor[None]
    if parts[3] == "noise_strength":
        return f"{path}.noise.weight", tensor[None]
    if parts[2] == "torgb":
        return f"{path}.bias", tensor[None, :, None, None]
    return f"{path}.activate.bias", tensor


def write(file: Path, contents: bytes) -> Path:
    file.write_bytes(contents)
    return file
