"""A first guess of w from the picture: where the search for the pivot starts.

Trained on renders whose codes are known (training/nets/encoder_net.py), so it belongs to one
mapping: the file says which by the digest of its weights.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from photo.blocks import Residual, convolution
from stylegan import activation

SIDE = 128  # px of the encoder's input
WIDTHS = (16, 32, 64, 128, 160)  # channels at 64, 32, 16, 8 and 4 px


class Encoder(nn.Module):
    """Aligned picture -> w.

    Args:
        centre: mean of w before its last activation.
        axes: principal axes of the same, one standard deviation long (stylegan/statistics.py).
        mapping: digest of the weights of the mapping whose w these are.
    """

    centre: Tensor
    axes: Tensor

    def __init__(self, centre: Float[Tensor, " w"], axes: Float[Tensor, "k w"], mapping: str = ""):
        super().__init__()
        self.mapping = mapping
        self.register_buffer("centre", centre)
        self.register_buffer("axes", axes)
        a, b, c, d, e = WIDTHS
        self.body = nn.Sequential(
            convolution(3, a, 3, 2),
            convolution(a, b, 3, 2), Residual(b),
            convolution(b, c, 3, 2), Residual(c),
            convolution(c, d, 3, 2), Residual(d),
            convolution(d, e, 3, 2), Residual(e),
            convolution(e, 32, 1),
        )  # fmt: skip
        self.head = nn.Linear(32 * 4 * 4, len(axes))

    def coordinates(self, image: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n k"]:
        """Whitened coordinates of w: 0 is the mean face, 1 one standard deviation."""
        if image.shape[-1] != SIDE:
            image = F.interpolate(image, (SIDE, SIDE), mode="bilinear", antialias=True)
        return self.head(self.body(image).flatten(1))

    def forward(self, image: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n w"]:
        """The w of these aligned pictures, in [-1, 1] and of any size."""
        return activation(self.centre + self.coordinates(image) @ self.axes)


def build(tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> Encoder:
    """The encoder from a weights file's tensors and metadata.

    Raises:
        ValueError: they are of something else.
    """
    try:
        centre, axes = (torch.zeros_like(tensors[name]) for name in ("centre", "axes"))
        encoder = Encoder(centre, axes, facts["mapping"])
        encoder.load_state_dict(dict(tensors))
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError("These are not the weights of an encoder.") from error
    return encoder.eval().requires_grad_(False)
