"""What a pickle of a model may name, and what stands for the things it would have made."""

from dataclasses import dataclass

from ..files import WeightsError

PERSISTENT = "torch_utils.persistence._reconstruct_persistent_obj"
TF_NETWORK = "dnnlib.tflib.network.Network"
TENSOR = "torch._utils._rebuild_tensor_v2"
PARAMETER = "torch._utils._rebuild_parameter"
FROM_BYTES = "torch.storage._load_from_bytes"
ARRAY = "numpy.core.multiarray._reconstruct"
SCALAR = "numpy.core.multiarray.scalar"
FROM_BUFFER = "numpy.core.numeric._frombuffer"
DTYPE = "numpy.dtype"
ENCODE = "_codecs.encode"
DICTIONARIES = frozenset({"collections.OrderedDict", "dnnlib.util.EasyDict"})
WIDTHS = {
    "Byte": 1, "Char": 1, "Bool": 1, "Short": 2, "Half": 2, "BFloat16": 2, "Int": 4, "Float": 4,
    "Long": 8, "Double": 8,
}  # fmt: skip
"""Bytes of a number in the storages of torch, by their kind."""

NAMES = DICTIONARIES | {
    PERSISTENT,
    TF_NETWORK,
    TENSOR,
    PARAMETER,
    FROM_BYTES,
    ARRAY,
    SCALAR,
    FROM_BUFFER,
    DTYPE,
    ENCODE,
    "numpy.ndarray",
    "argparse.Namespace",
    "builtins.set",
    *(f"torch.{kind}Storage" for kind in WIDTHS),
}
"""All that may be named. None of it is ever looked up."""


@dataclass(frozen=True, slots=True)
class Name:
    """Something that a pickle refers to by its module and name."""

    full: str


@dataclass(slots=True, eq=False, repr=False)
class Object:
    """What a pickle would have made: the name of its maker, what that is given, and the state."""

    maker: str
    arguments: tuple[object, ...]
    state: object = None


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers that lie outside of a pickle: their kind, by which key they are found, how many."""

    kind: str
    key: str
    count: int

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return self.count * WIDTHS[self.kind]


def malformed() -> WeightsError:
    """What to say of a pickle whose opcodes or values do not fit together."""
    return WeightsError("This file is damaged or no model: its parts do not fit together.")


def dictionary(value: object) -> dict[object, object]:
    """The value, which must be a dictionary.

    Raises:
        WeightsError: it is something else.
    """
    if not isinstance(value, dict):
        raise malformed()
    return value


def shown(name: str) -> str:
    """A name from a file as it may be shown: short, and without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])
