"""What the small nets see in a photo: where the faces are, and a first guess of their w."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

import stylegan
from inversion import Domain, Marks, Photo, Points, find_faces, usual_quad
from inversion.align import Quad, face_points
from inversion.encoder import Encoder
from inversion.encoder import build as build_encoder
from inversion.landmarks import LandmarkNet, eyes_and_mouth
from inversion.landmarks import build as build_landmark_net
from weights import WeightsError
from weights.small import ENCODER, LANDMARKS, digest, load_small

Net = TypeVar("Net")
FACE_POINTS = 68  # iBUG's; ears and hairline are guesses where hair covers them


@cache
def landmark_net() -> LandmarkNet:
    """The landmark net, read once."""
    return _read(LANDMARKS, build_landmark_net)


@cache
def encoder() -> Encoder | None:
    """The encoder, read once; None where there is none."""
    return _read(ENCODER, build_encoder) if ENCODER.is_file() else None


def faces(photo: Photo) -> list[Points]:
    """Left eye, right eye (as seen) and mouth of each face, in photo px, the largest face first."""
    return find_faces(photo, landmark_net())


def usual(photo: Photo, domain: Domain) -> Quad | None:
    """Where a photo is cut unless somebody says where; None where no face was found for "face"."""
    return usual_quad(photo, domain, landmark_net() if domain == "face" else None)


@torch.no_grad()
def guess(image: Float[Tensor, "3 r r"], mapping: stylegan.Mapping) -> Float[Tensor, " w"] | None:
    """The w of an aligned crop, on the CPU; None where there is no encoder for this mapping."""
    net = encoder()
    if net is None or net.mapping != digest(mapping.state_dict()):
        return None
    return net(image[None].cpu())[0]


def marks(
    image: Float[Tensor, "3 r r"],
    from_w: Float[Tensor, "inputs points 2"] | None,
    w_avg: Float[Tensor, " w"],
) -> Marks | None:
    """The points of the face in an aligned crop; None where they are in doubt, or unknown to w."""
    if from_w is None:  # of animals, cars ...: the net is not even read
        return None
    net, side = landmark_net(), image.shape[-1]
    if from_w.shape[1] != len(net.names):
        return None
    about = eyes_and_mouth(usual_points(from_w, w_avg))
    found = face_points(stylegan.to_uint8(image), about, net)
    if found is None:
        return None
    return Marks(from_w[:, :FACE_POINTS], torch.from_numpy(found[:FACE_POINTS]).float(), side)


def usual_points(
    from_w: Float[Tensor, "inputs points 2"], w: Float[Tensor, " w"]
) -> Float[np.ndarray, "points 2"]:
    """About where a face of the model has its points, in px of its picture."""
    nowhere = torch.zeros(from_w.shape[1:])
    return Marks(from_w, nowhere, 1).points(w[None].cpu())[0].double().numpy()


def _read(file: Path, build: Callable[[Mapping[str, Tensor], Mapping[str, str]], Net]) -> Net:
    """A net from its file; WeightsError where that is damaged or holds something else."""
    tensors, facts = load_small(file)
    try:
        return build(tensors, facts)
    except ValueError as error:
        raise WeightsError(f"{file.name} cannot be used. {error}") from error
