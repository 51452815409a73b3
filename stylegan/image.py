"""Pictures: [3 h w] float in [-1, 1] inside, [h w 3] uint8 outside."""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def to_uint8(image: Float[Tensor, "3 h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """Float picture -> bytes; values outside [-1, 1] are clipped, halves rounded."""
    scaled = (image.detach().float().cpu() + 1) * 127.5
    return scaled.round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def from_uint8(image: UInt8[np.ndarray, "h w 3"]) -> Float[Tensor, "3 h w"]:
    """Bytes -> float picture in [-1, 1]."""
    return torch.from_numpy(image.copy()).permute(2, 0, 1).float() / 127.5 - 1
