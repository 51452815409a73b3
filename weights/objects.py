"""What a pickle of a model may name, and what stands for the things it would have made."""

from dataclasses import dataclass

from .formats import WeightsError

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
STORAGE = "torch.storage"  # the made-up maker of what a persistent id stands for
DICTIONARIES = frozenset({"collections.OrderedDict", "dnnlib.util.EasyDict"})
KINDS = ["Byte", "Char", "Short", "Int", "Long", "Half", "Float", "Double", "BFloat16", "Bool"]

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
    *(f"torch.{kind}Storage" for kind in KINDS),
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


def malformed() -> WeightsError:
    """What to say of a pickle whose opcodes or values do not fit together."""
    return WeightsError("This file is damaged or no model: its parts do not fit together.")


def shown(name: str) -> str:
    """A name from a file as it may be shown: short, and without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])
