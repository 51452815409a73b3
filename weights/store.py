"""A photo's fit in one safetensors file: latent, tuned delta, the photo itself, and figures."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylegan import Delta

from .formats import WeightsError, read, write

KIND = "dragphoto fit 1"


@dataclass(frozen=True)
class Fit:
    """What is needed to go on dragging a photo: nothing here can be executed.

    Args:
        photo: the upright photo.
        quad: corners of the crop in photo px: top left, bottom left, bottom right, top right.
        ws: the latent.
        delta: the tuned generator minus the shared one.
        facts: figures of the fit, by name.
    """

    photo: UInt8[np.ndarray, "h w 3"]
    quad: Float[np.ndarray, "4 2"]
    ws: Float[Tensor, "layers w_dim"]
    delta: Delta
    facts: dict[str, float | str]


def save_fit(fit: Fit, file: Path) -> None:
    """Write a fit whole or not at all. It holds the photo: treat it as you would the photo."""
    tensors = {f"delta.{name}": tensor for name, tensor in fit.delta.items()}
    tensors["photo"] = torch.from_numpy(fit.photo.copy())
    tensors["quad"] = torch.from_numpy(fit.quad.astype("float64"))
    tensors["ws"] = fit.ws
    write(file, tensors, {"kind": KIND, "facts": json.dumps(fit.facts)})


def load_fit(file: Path) -> Fit:
    """Read a fit.

    Raises:
        WeightsError: the file is missing, damaged, or no fit.
    """
    tensors, metadata = read(file)
    try:
        if metadata["kind"] != KIND:
            raise KeyError("kind")
        prefix = "delta."
        delta = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        photo, quad = tensors["photo"].numpy(), tensors["quad"].numpy()
        return Fit(photo, quad, tensors["ws"], delta, json.loads(metadata["facts"]))
    except (KeyError, ValueError) as error:
        raise WeightsError(
            f"{file.name} is not a fit: make one with `dragphoto invert`."
        ) from error
