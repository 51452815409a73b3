"""A tuned generator is its base and a delta; the base is shared and never changed."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor
from worlds import random_ws, small_generator

from stylegan import Generator, apply, diff

TUNED = (
    "synthesis.b8.conv0.weight",
    "synthesis.b16.conv1.bias",
    "synthesis.b32.conv1.noise_strength",
    "synthesis.b32.torgb.weight",
    "synthesis.b4.conv1.noise_const",
)


def tuned_copy(base: Generator) -> Generator:
    source = torch.Generator().manual_seed(9)
    tuned = deepcopy(base)
    state = tuned.state_dict()
    for name in TUNED:
        state[name] += 0.05 * torch.randn(state[name].shape, generator=source)
    return tuned


def places(generator: Generator) -> dict[str, int]:
    return {name: tensor.data_ptr() for name, tensor in generator.state_dict().items()}


def test_applied_difference_renders_like_the_tuned_generator() -> None:
    base = small_generator()
    tuned, ws = tuned_copy(base), random_ws(base)
    again = apply(base, diff(base, tuned))
    assert (tuned(ws) - base(ws)).abs().max() > 0.1
    torch.testing.assert_close(again(ws), tuned(ws), rtol=1e-3, atol=1e-3)


def test_the_delta_holds_what_differs_in_half_precision() -> None:
    base = small_generator()
    delta = diff(base, tuned_copy(base))
    assert sorted(delta) == sorted(TUNED)
    assert {tensor.dtype for tensor in delta.values()} == {torch.float16}
    assert diff(base, base) == {}


def test_the_base_is_never_changed() -> None:
    base = small_generator()
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    again = apply(base, diff(base, tuned_copy(base)))
    for name in TUNED:
        again.state_dict()[name].fill_(7.0)
    for name, tensor in base.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_unchanged_tensors_are_shared() -> None:
    base = small_generator()
    there, here = places(base), places(apply(base, diff(base, tuned_copy(base))))
    assert {name for name in there if here[name] != there[name]} == set(TUNED)


def test_an_empty_delta_is_the_base() -> None:
    base = small_generator()
    assert apply(base, {}) is base


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("synthesis.b8.conv0.weight", torch.zeros(1, 2, 3, 3).half()),
        ("synthesis.b64.conv0.weight", torch.zeros(8, 8, 3, 3).half()),
    ],
)
def test_a_delta_for_another_model_is_refused(name: str, tensor: Tensor) -> None:
    with pytest.raises(ValueError, match=f"made for another model .*{name}"):
        apply(small_generator(), {name: tensor})
