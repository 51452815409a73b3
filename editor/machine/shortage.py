"""What the machine has too little of, in a sentence: memory, time, a GPU that was lent."""

import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

Given = ParamSpec("Given")
Item = TypeVar("Item")


class ShortageError(ValueError):
    """The machine lacks something; the text is for the person who works with it."""


class BusyError(ValueError):
    """Too much is asked for at once; the text says when to try again."""


GONE = "What works on this cannot be reached: try again in a minute."


class LostWorkError(ShortageError):
    """Whoever did the work was killed or cannot be reached, or what it needs is gone."""

    def __init__(self, text: str = GONE):
        super().__init__(text)


SENTENCE = "There was not enough memory for this: choose Quick, or close other programs."
SIGNS = ("out of memory", "not enough memory", "allocate memory", "insufficient memory")
ALSO = ("alloc_failed", "bad_alloc", "failed to allocate")  # cuDNN and cuBLAS, the C++ library, cv2


def is_shortage(error: BaseException) -> bool:
    """Whether it says that there was too little memory, in one of the ways of torch and others."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = str(error).lower()
    return isinstance(error, Exception) and any(sign in words for sign in SIGNS + ALSO)


@contextmanager
def enough_memory() -> Generator[None]:
    """Around work that may need more memory than there is.

    What the work held is let go first, and the next work finds the GPU's cache empty.

    Raises:
        ShortageError: there was not enough.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ValueError) or not is_shortage(error):
            raise
        traceback.clear_frames(error.__traceback__)
        torch.cuda.empty_cache()  # where there is none, nothing happens
        raise ShortageError(SENTENCE) from None


def with_memory(work: Callable[Given, Iterator[Item]]) -> Callable[Given, Iterator[Item]]:
    """The iterator that ends with a ShortageError where there is not enough memory to go on."""

    @wraps(work)
    def guarded(*args: Given.args, **kwargs: Given.kwargs) -> Iterator[Item]:
        with enough_memory():
            yield from work(*args, **kwargs)

    return guarded
