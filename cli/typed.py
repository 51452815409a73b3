"""What is typed after an option, as a value; argparse says what is wrong with it."""

import argparse
import re
from collections.abc import Callable
from math import isfinite, nan


def numbers(form: str) -> Callable[[str], tuple[float, ...]]:
    """A parser of numbers that are written in this form, such as X,Y:SIDE."""

    def parse(text: str) -> tuple[float, ...]:
        try:
            numbers = tuple(map(float, re.split("[,:]", text)))
        except ValueError:
            numbers = (nan,)
        if re.sub("[^,:]", "", text) != re.sub("[^,:]", "", form) or not all(
            map(isfinite, numbers)
        ):
            raise argparse.ArgumentTypeError(f"write it as {form}")
        return numbers

    return parse


def setting(text: str) -> tuple[str, float]:
    """A name and its value, from NAME=VALUE."""
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise argparse.ArgumentTypeError("write it as NAME=VALUE, such as smile=0.6") from None


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number of at least 1 is needed")
    return int(text)


def positive(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not (isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError("a number above 0 is needed")
    return number
