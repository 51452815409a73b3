"""A wrong type or shape in a call of the project's own functions ends the test that makes it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float
from torch import Tensor
from type_checks import checked
from worlds import SMALL, small_generator

from stylegan import Config

check = checked(typechecker=beartype)


@check
def joined(a: Float[Tensor, "n x"], b: Float[Tensor, "n x"], wrong: bool = False) -> int:
    return a.sum().item() if wrong else len(b)


@check
def doubled(a: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    return torch.cat([a, a])


@check
@dataclass
class Pair:
    first: Float[Tensor, " n"]
    second: Float[Tensor, " n"]


ONES = torch.ones(2, 3)
WRONG: dict[str, Callable[[], object]] = {
    "a type": lambda: Config("32"),  # pyright: ignore[reportArgumentType]
    "a shape": lambda: small_generator().mapping(torch.zeros(1, 2, SMALL.z_dim)),
    "a number of axes": lambda: joined(ONES[0], ONES),
    "an axis that is another's": lambda: joined(ONES, ONES[:, :2]),
    "what is returned": lambda: joined(ONES, ONES, wrong=True),
    "the shape that is returned": lambda: doubled(ONES[0]),
    "the parts of a dataclass": lambda: Pair(ONES[0], ONES[0, :2]),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_seen(what: str) -> None:
    with pytest.raises(BeartypeCallHintViolation):
        WRONG[what]()


def test_what_is_right_goes_on() -> None:
    assert joined(ONES, ONES) == 2
    assert joined(torch.ones(5, 4), torch.ones(5, 4)) == 5  # axes are another call's
    assert Pair(ONES[0], ONES[1]).second.sum() == 3
