"""Checks types and shapes of the project's own calls, at a tenth of what ``jaxtyped`` takes.

jaxtyping binds the arguments of every call to the signature, and checks them twice. Here beartype
checks them once; only those functions whose hints have shapes get a scope for their axes.
"""

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial, wraps
from typing import Any, get_args, get_type_hints

import jaxtyping
from beartype import beartype

_jaxtyped = jaxtyping.jaxtyped


def checked(subject: Any = None, *, typechecker: Callable) -> Any:
    """Takes the place of ``jaxtyped`` in what jaxtyping's import hook writes."""
    if subject is None:
        return partial(checked, typechecker=typechecker)
    if inspect.isclass(subject):
        if is_dataclass(subject):
            subject.__init__ = _function(subject.__init__, typechecker)
        return subject
    return _function(subject, typechecker)


def _function(function: Callable, typechecker: Callable) -> Callable:
    try:
        hints = get_type_hints(function)
    except NameError:  # a name that only pyright knows
        return _jaxtyped(function, typechecker=typechecker)
    if inspect.isgeneratorfunction(function):
        return _jaxtyped(function, typechecker=typechecker)
    plain = beartype(function)
    if not any(map(_has_shape, hints.values())):
        return plain

    @wraps(function)
    def shaped(*args: Any, **kwargs: Any) -> Any:
        with _jaxtyped("context"):
            return plain(*args, **kwargs)

    return shaped


def _has_shape(hint: Any) -> bool:
    if inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray):
        return True
    return any(map(_has_shape, get_args(hint)))


def install() -> None:
    """Before the first module of the project is imported."""
    jaxtyping.jaxtyped = checked
