"""Models of other projects: read as they are, and refused by name where they are something else."""

import tracemalloc
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from twin import Twin
from worlds import SMALL, small_generator

from benchmarks.trust.hostile.pickle_writer import (
    Call,
    drawn_last,
    easy,
    named,
    nvidia,
    persistent,
    pickled,
    rosinality,
    snapshot,
    tensorflow,
    torch_saved,
    write,
)  # fmt: skip
from stylegan import Config, Generator
from weights.checkpoints import feature_side, open_model
from weights.files import WeightsError
from weights.published.unfilled import unfilled

GENERATOR = small_generator()
CLAMPED = replace(SMALL, conv_clamp=0.7)
CONDITIONAL = replace(SMALL, c_dim=5)


def read(tmp_path: Path, contents: bytes) -> Generator:
    return open_model(write(tmp_path / "model", contents)).generator


def equal(found: Generator, wanted: Generator) -> None:
    assert found.config == wanted.config
    assert found.state_dict().keys() == wanted.state_dict().keys()
    for name, value in wanted.state_dict().items():
        assert torch.equal(found.state_dict()[name], value), name


@pytest.mark.parametrize("old", [False, True], ids=["numpy 2", "numpy 1"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_an_nvidia_pickle_is_read_bit_for_bit(protocol: int, old: bool, tmp_path: Path) -> None:
    equal(read(tmp_path, pickled(snapshot(nvidia(GENERATOR)), protocol, old)), GENERATOR)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_tensorflow_pickle_is_read_bit_for_bit(protocol: int, tmp_path: Path) -> None:
    others = tensorflow(small_generator(seed=5))
    contents = pickled((others, others, tensorflow(GENERATOR)), protocol)
    found = read(tmp_path, contents)
    for name, value in GENERATOR.state_dict().items():
        exact = not name.endswith("affine.bias")  # stored less 1
        assert torch.allclose(found.state_dict()[name], value, rtol=0, atol=0 if exact else 1e-6)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
def test_a_rosinality_checkpoint_is_read_bit_for_bit(zipped: bool, tmp_path: Path) -> None:
    equal(read(tmp_path, torch_saved(rosinality(GENERATOR), zipped)), GENERATOR)


def test_a_tuned_network_of_pti_is_read_bit_for_bit(tmp_path: Path) -> None:
    """torch.save of the whole network, which has been trained: with hooks, and made by args."""

    def trained(name: str, state: dict[str, Any]) -> None:
        del name
        hooks = ("_forward_hooks", "_forward_pre_hooks", "_state_dict_hooks", "_backward_pre_hooks")
        state.update({hook: OrderedDict() for hook in hooks}, training=True)
        state["_init_args"] = (10, 0, 12)
        state["_parameters"] = {
            own: nn.Parameter(part.clone()) for own, part in state["_parameters"].items()
        }

    for zipped in (True, False):
        contents = torch_saved(nvidia(GENERATOR, change=trained), zipped)
        equal(read(tmp_path, contents), GENERATOR)


def training() -> dict[str, Any]:
    """A checkpoint of rosinality's training, which keeps no mean of w."""
    state = rosinality(GENERATOR)["g_ema"]
    steps = {k: {"step": 7, "exp_avg": torch.zeros(3)} for k in range(2)}
    group = {"lr": 0.002, "betas": (0.0, 0.99), "amsgrad": False, "params": [0, 1]}
    adam = {"state": steps, "param_groups": [group]}
    others = {name: part + 1 for name, part in state.items()}
    args = Call(
        named("argparse", "Namespace"), state={"size": 32, "ckpt": None, "path": "x"}, new=True
    )
    return {
        "g": others, "d": {"final_linear.0.weight": torch.zeros(2, 2)}, "g_ema": state,
        "g_optim": adam, "d_optim": adam, "args": args, "ada_aug_p": torch.zeros(1),
    }  # fmt: skip


def all_but(found: Generator, end: str) -> None:
    """As it should be, except for what ends so."""
    for name, value in GENERATOR.state_dict().items():
        assert name.endswith(end) or torch.equal(found.state_dict()[name], value), name


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
def test_a_checkpoint_of_a_training_gets_the_mean_of_random_w(zipped: bool, tmp_path: Path) -> None:
    found = read(tmp_path, torch_saved(training(), zipped))
    all_but(found, "w_avg")
    w = GENERATOR.mapping(torch.randn(20_000, 10, generator=torch.Generator().manual_seed(9)))
    off = (found.mapping.w_avg - w.mean(0)).abs()
    assert (off < 4 * w.std(0) * (1 / 10_000 + 1 / 20_000) ** 0.5).all()
    assert not torch.equal(found.mapping.w_avg, torch.zeros(12))
    equal(read(tmp_path, torch_saved(training(), zipped)), found)


def test_a_mean_of_two_axes_is_read(tmp_path: Path) -> None:
    """As that code's own function for it gives it."""
    value = rosinality(GENERATOR)
    value["latent_avg"] = value["latent_avg"][None]
    equal(read(tmp_path, torch_saved(value)), GENERATOR)


def test_noise_maps_that_are_missing_are_always_the_same(tmp_path: Path) -> None:
    value = rosinality(GENERATOR)
    value["g_ema"] = {n: part for n, part in value["g_ema"].items() if "noises" not in n}
    one, other = (read(tmp_path, torch_saved(value)) for _ in range(2))
    equal(one, other)
    all_but(one, "noise_const")
    maps = [part for name, part in one.state_dict().items() if name.endswith("noise_const")]
    assert torch.cat([part.flatten() for part in maps]).std() == pytest.approx(1, abs=0.05)
    assert not torch.equal(maps[-1], maps[-2])


@pytest.mark.parametrize("under", ["", "params_ema", "g"])
def test_a_state_dict_of_these_names_is_read_wherever_it_is(under: str, tmp_path: Path) -> None:
    value = rosinality(GENERATOR)
    state = {under: value["g_ema"]} if under else value["g_ema"]
    all_but(read(tmp_path, torch_saved(state)), "w_avg")


@pytest.mark.parametrize("config", [CLAMPED, CONDITIONAL])
def test_what_is_not_in_the_shapes_is_read_too(config: Config, tmp_path: Path) -> None:
    generator = small_generator(replace(config, lr_multiplier=0.02))
    equal(read(tmp_path, pickled(snapshot(nvidia(generator)))), generator)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"synthesis_kwargs": easy({"conv_clamp": 0.7, "channel_base": 256}), "mapping_kwargs": {}},
        {"conv_clamp": 0.7, "channel_base": 256, "mapping_kwargs": {"num_layers": 3}},
        {},
    ],
    ids=["nested", "flat", "none"],
)
def test_it_is_the_same_however_its_arguments_were_nested(
    kwargs: dict[str, Any], tmp_path: Path
) -> None:
    generator = small_generator(CLAMPED)
    equal(read(tmp_path, pickled(snapshot(nvidia(generator, kwargs)))), generator)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_precisions_are_read(dtype: torch.dtype, tmp_path: Path) -> None:
    stored = small_generator().to(dtype)
    found = read(tmp_path, pickled(snapshot(nvidia(stored))))
    for name, value in stored.state_dict().items():
        assert torch.equal(found.state_dict()[name], value.float())


def test_weights_may_lie_in_another_order(tmp_path: Path) -> None:
    generator = small_generator()
    weight = generator.synthesis["b16"].conv1.weight
    weight.data = weight.data.to(memory_format=torch.channels_last)
    assert not weight.is_contiguous()
    found = read(tmp_path, pickled(snapshot(nvidia(generator))))
    equal(found, generator)
    assert found.synthesis["b16"].conv1.weight.is_contiguous()


def picture(generator: Generator, label: Tensor | None) -> tuple[np.ndarray, np.ndarray]:
    """(z, the picture that it gives with truncation 0.7)."""
    z = torch.randn(1, generator.config.z_dim, generator=torch.Generator().manual_seed(3))
    return z[0].double().numpy(), generator(generator.style(z, 0.7, label))[0].numpy()


def twin(generator: Generator, tensors: dict[str, np.ndarray] | None = None) -> Twin:
    kept = {name: part.double().numpy() for name, part in generator.state_dict().items()}
    config = generator.config
    return Twin(kept | (tensors or {}), config.resolution, config.lr_multiplier, config.conv_clamp)


@pytest.mark.parametrize("config", [SMALL, CLAMPED], ids=["skip", "clamped"])
@pytest.mark.parametrize("written", ["nvidia", "tensorflow", "rosinality"])
def test_the_pictures_are_those_of_the_papers_formulas(
    config: Config, written: str, tmp_path: Path
) -> None:
    if written == "rosinality":
        config = replace(config, conv_clamp=None)  # it knows of no clamp
    generator = small_generator(config)
    contents = {
        "nvidia": lambda: pickled(snapshot(nvidia(generator))),
        "tensorflow": lambda: pickled((tensorflow(generator, conv_clamp=config.conv_clamp),) * 3),
        "rosinality": lambda: torch_saved(rosinality(generator)),
    }[written]()
    z, found = picture(read(tmp_path, contents), None)
    slow = twin(generator)
    ws = np.repeat(slow.mapping(z, 0.7)[None], config.num_ws, 0)
    np.testing.assert_allclose(found, slow.pictures(ws)[32], atol=1e-4)


@pytest.mark.parametrize("label", [None, torch.eye(5)[2:3]])
def test_a_conditional_model_gives_the_pictures_of_its_labels(
    label: Tensor | None, tmp_path: Path
) -> None:
    generator = small_generator(CONDITIONAL)
    z, found = picture(read(tmp_path, pickled(snapshot(nvidia(generator)))), label)
    slow = twin(generator)
    given = np.zeros(5) if label is None else label[0].double().numpy()
    ws = np.repeat(slow.mapping(z, 0.7, given)[None], SMALL.num_ws, 0)
    np.testing.assert_allclose(found, slow.pictures(ws)[32], atol=1e-4)


def set_in(part: str, **attributes: Any) -> Callable[[str, dict[str, Any]], None]:
    """Sets attributes of all layers whose names end so."""

    def change(name: str, state: dict[str, Any]) -> None:
        if name.endswith(part):
            state.update(attributes)

    return change


def changed(change: Callable[[str, dict[str, Any]], None]) -> bytes:
    return pickled(snapshot(nvidia(GENERATOR, change=change)))


def test_a_model_without_noise_computes_without_it(tmp_path: Path) -> None:
    def change(name: str, state: dict[str, Any]) -> None:
        if "use_noise" in state:
            state["use_noise"] = False
            del state["_parameters"]["noise_strength"], state["_buffers"]["noise_const"]

    z, found = picture(read(tmp_path, changed(change)), None)
    slow = twin(GENERATOR)
    ws = np.repeat(slow.mapping(z, 0.7)[None], SMALL.num_ws, 0)
    np.testing.assert_allclose(found, slow.pictures(ws, noise=False)[32], atol=1e-4)


def drawn_last_by_tensorflow() -> bytes:
    network = tensorflow(GENERATOR, architecture="orig")
    synthesis = network.state["components"].items["synthesis"].state
    synthesis["variables"] = [
        (name, value)
        for name, value in synthesis["variables"]
        if "ToRGB" not in name or "32x32" in name
    ]
    return pickled((network,) * 3)


@pytest.mark.parametrize("written", ["nvidia", "tensorflow"])
def test_a_model_whose_last_block_alone_draws_is_read(written: str, tmp_path: Path) -> None:
    contents = changed(drawn_last(32)) if written == "nvidia" else drawn_last_by_tensorflow()
    z, found = picture(read(tmp_path, contents), None)
    slow = twin(GENERATOR)
    ws = np.repeat(slow.mapping(z, 0.7)[None], SMALL.num_ws, 0)
    drawn = slow.to_rgb("synthesis.b32.torgb", slow.features(ws)[32], ws[-1])
    np.testing.assert_allclose(found, drawn, atol=1e-4)


def test_the_networks_beside_the_generator_are_not_read(tmp_path: Path) -> None:
    file = write(tmp_path / "model", pickled(snapshot(nvidia(GENERATOR), beside=2_000_000)))
    assert file.stat().st_size > 16e6
    tracemalloc.start()
    open_model(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6


def test_an_unfilled_generator_has_the_shapes_of_a_real_one() -> None:
    wanted = {name: part.shape for name, part in Generator(CONDITIONAL).state_dict().items()}
    found = unfilled(CONDITIONAL).state_dict()
    assert {name: part.shape for name, part in found.items()} == wanted
    assert all(part.is_meta for part in found.values())


@pytest.mark.parametrize(
    ("resolution", "side"), [(8, 8), (16, 8), (32, 16), (128, 64), (256, 128), (1024, 128)]
)
def test_points_are_followed_in_the_middle_of_small_generators(resolution: int, side: int) -> None:
    assert feature_side(Config(resolution)) == side


def wide(channels: int, side: int) -> Generator:
    """A generator whose features at one side have other channels than any formula gives."""
    generator = small_generator()
    block = generator.synthesis[f"b{side}"]
    block.conv1.bias.data = torch.zeros(channels)
    return generator


STYLEGAN3 = persistent(
    "Generator",
    {
        "_parameters": {}, "_buffers": {},
        "_modules": {
            "mapping": persistent(
                "MappingNetwork", {"_parameters": {}, "_buffers": {}, "_modules": {}}
            ),
            "synthesis": persistent(
                "SynthesisNetwork",
                {
                    "_parameters": {}, "_buffers": {},
                    "_modules": {
                        name: persistent(
                            "SynthesisInput", {"_parameters": {}, "_buffers": {}, "_modules": {}}
                        )
                        for name in ("input", "L0_36_512")
                    },
                },
            ),
        },
    },
)  # fmt: skip


def several(tensors: dict[str, Tensor]) -> bytes:
    """A rosinality checkpoint but for these tensors."""
    value = rosinality(GENERATOR)
    value["g_ema"].update(tensors)
    return torch_saved(value)


STATE = OrderedDict(GENERATOR.state_dict())

REFUSED: dict[str, tuple[str, bytes]] = {
    "StyleGAN3": ("This is a StyleGAN3 model", pickled(snapshot(STYLEGAN3))),
    "discriminator": (
        "holds a Discriminator",
        pickled(
            persistent("Discriminator", {"_parameters": {}, "_buffers": {}, "_modules": {}})
        ),
    ),
    "one resnet block": ("differ in architecture", changed(set_in("b8", architecture="resnet"))),
    "resnet": (
        "architecture is resnet: only skip and orig can be used",
        changed(lambda _, state: state.update(architecture="resnet") if "architecture" in state
                else None),
    ),
    "activation": ("not leaky ReLUs", changed(
        lambda _, state: state.update(activation="relu") if "use_noise" in state else None)),
    "mapping's activation": ("not leaky ReLUs", changed(
        lambda name, state: state.update(activation="relu") if ".fc" in name else None)),
    "clamps": ("differ in conv_clamp", changed(set_in("b8.conv1", conv_clamp=1.0))),
    "odd clamp": ("multipliers are no numbers", changed(
        lambda _, state: state.update(conv_clamp=-1) if "conv_clamp" in state else None)),
    "one noiseless layer": ("differ in use_noise", changed(set_in("b8.conv1", use_noise=False))),
    "filter": ("filters are not", changed(
        lambda _, state: state["_buffers"].update(resample_filter=torch.eye(4))
        if "resample_filter" in state["_buffers"] else None)),
    "not square": ("not square", changed(
        lambda name, state: state["_parameters"].update(const=torch.zeros(16, 4, 2))
        if name == "synthesis.b4" else None)),
    "grey": ("have 1 channels", changed(
        lambda name, state: state["_parameters"].update(bias=torch.zeros(1))
        if name == "synthesis.b32.torgb" else None)),
    "channels": ("No StyleGAN2 has these channels", pickled(snapshot(nvidia(wide(7, 8))))),
    "gap": ("blocks are missing", changed(
        lambda name, state: state["_modules"].pop("b8") if name == "synthesis" else None)),
    "no mapping": ("it lacks layers", changed(
        lambda name, state: state["_modules"].clear() if name == "mapping" else None)),
    "missing": ("it lacks synthesis.b16.conv0.bias", changed(
        lambda name, state: state["_parameters"].pop("bias")
        if name == "synthesis.b16.conv0" else None)),
    "wrong size": ("noise_const has the shape", changed(
        lambda name, state: state["_buffers"].update(noise_const=torch.zeros(8, 8))
        if name == "synthesis.b16.conv1" else None)),
    "not a number": ("not numbers", changed(
        lambda name, state: state["_buffers"].update(w_avg=torch.full((12,), torch.nan))
        if name == "mapping" else None)),
    "TensorFlow's resnet": (
        "architecture is resnet", pickled((tensorflow(GENERATOR, architecture="resnet"),) * 3)
    ),
    "orig that lacks the last": ("lacks synthesis.b32.torgb.weight", changed(
        lambda name, state: drawn_last(32)(name, state) if name != "synthesis.b32.torgb"
        else state["_parameters"].pop("weight"))),
    "no weights": ("holds no StyleGAN2", torch_saved({"g_ema": {}})),
    "a state dict of the network": ("holds a state dict", torch_saved(STATE)),
    "a state dict as G_ema": ("Save the network itself as G_ema", torch_saved({"G_ema": STATE})),
    "a state dict as g_ema": ("not rosinality's", torch_saved({"g_ema": STATE, "step": 7})),
    "a state dict as params": ("holds a state dict", torch_saved({"params_ema": STATE})),
    "rosinality's filter": ("filters are not", several({"convs.0.conv.blur.kernel": torch.eye(4)})),
    "other layers": ("it has other", several({"other": torch.zeros(1)})),
    "labels": ("label_size is another", pickled((tensorflow(GENERATOR, label_size=10),) * 3)),
    "TensorFlow without noise": (
        "use_noise is another", pickled((tensorflow(GENERATOR, use_noise=False),) * 3)
    ),
    "big-endian": ("big-endian", torch_saved(nvidia(GENERATOR)).replace(b"little", b"bigger")),
    "TensorFlow's filter": (
        "resample_kernel is another", pickled((tensorflow(GENERATOR, resample_kernel=[1, 1]),) * 3)
    ),
    "a pointer": ("git-LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    "a page": ("is a web page", b"<!DOCTYPE html><html></html>"),
    "a photo": ("is a picture", b"\xff\xd8\xff\xe0" + bytes(99)),
    "nothing": ("is empty", b""),
    "half": ("download is incomplete", pickled(snapshot(nvidia(GENERATOR)))[:70_000]),
    "half an archive": ("download is incomplete", torch_saved(nvidia(GENERATOR))[:70_000]),
    "a payload": ("asks for posix.system", b"\x80\x02cposix\nsystem\nX\1\0\0\0x\x85R."),
    "behind": ("goes on after its end", pickled(snapshot(nvidia(GENERATOR))) + b"N."),
    "another value": ("holds no StyleGAN2", pickled([1, 2])),
    "another kind": ("not a safetensors file", b"SQLite format 3\0"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_named(name: str, tmp_path: Path) -> None:
    sentence, contents = REFUSED[name]
    with pytest.raises(WeightsError, match=sentence):
        read(tmp_path, contents)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for file in (tmp_path / "none.pkl", tmp_path):
        with pytest.raises(WeightsError, match=r"There is no file|is a folder, not a file"):
            open_model(file)
