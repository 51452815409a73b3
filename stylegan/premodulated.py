"""A generator whose weights do not change, for one picture of which only the first ws move."""

from copy import deepcopy

import torch
from jaxtyping import Float
from torch import Tensor

from .layers import Kernel
from .synthesis import Generator


@torch.no_grad()
def premodulated(generator: Generator, ws: Float[Tensor, "layers w_dim"], moving: int) -> Generator:
    """The same generator, with all that is constant during a drag computed once.

    Args:
        generator: shares its tensors with the result, and must not be trained meanwhile.
        ws: of the picture.
        moving: so many of the leading ws may differ from these in later calls.
    """
    shared = {id(t): t for t in (*generator.parameters(), *generator.buffers())}
    made = deepcopy(generator, shared)
    for k, layer in enumerate(made.layers()):
        kernel = Kernel.of(layer.weight, layer.up)
        kernel = kernel if k < moving else kernel.fixed(layer.affine(ws[k][None]))
        layer.ready = kernel.ready()
    return made
