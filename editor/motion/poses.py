"""How the head of a photo moves as the generator's face does: one face net sees both."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from torch import Tensor

from drag import Edit
from photo import Photo, nets
from photo.crop import Crop, Quad, box_quad, resized
from photo.mesh import LEFT_EYE, RIGHT_EYE, Mesh
from photo.nets import ALIGNED_CENTRE, ALIGNED_FACE
from stylegan import Generator
from transfer.flow import Picture, sample
from transfer.handles import with_handles
from transfer.head import build
from transfer.rig import RIG_SIDE, Pose, Rig, Vertices, moved

from ..session import Version
from .estimators import Latents, painted

SURE = 0.5  # presence from which the face net sees a face


def mesh_in(photo: Photo, crop: Crop) -> Mesh | None:
    """The mesh of the face that an FFHQ crop is of, in px of the crop; None if it shows none."""
    quad = crop.quad
    across, along = quad[3] - quad[0], quad[1] - quad[0]
    x, y = ALIGNED_CENTRE
    middle, side = quad[0] + x * across + y * along, float(np.linalg.norm(across))
    mesh, sure = nets.mesh(photo, middle, ALIGNED_FACE * side, across)
    if sure < SURE:
        return None
    return np.c_[crop.from_photo(mesh[:, :2]), mesh[:, 2] / crop.photo_px]


def rigged(photo: Photo, quad: Quad) -> Rig | None:
    """The rig of the face that an FFHQ crop with these corners is of; None if it shows none."""
    mesh = mesh_in(photo, Crop(quad, RIG_SIDE))
    return None if mesh is None else build(photo, quad, mesh)


@dataclass(frozen=True)
class PoseBuilder:
    """Makes poses of a photo's head from what is seen of a drag.

    Args:
        generator: whose pictures are looked at.
        first: the ws before the drag.
        side: px of the pictures.
        rig: of the photo's head.
        start: its pose before the drag.
        edit: the drag, in px of the crop at RIG_SIDE.
    """

    generator: Generator
    first: Latents
    side: int
    rig: Rig
    start: Pose
    edit: Edit

    def version(self, ws: Latents, handles: Float[Tensor, "p 2"]) -> Version:
        """How the photo looks once the handles are here, in px of the generator's picture.

        What the generator shows is how all moves; how far, the handles say.
        """
        picture, mesh = self._seen(ws)
        vertices = self.start.vertices
        shifts = np.zeros_like(vertices), np.zeros_like(vertices)
        if mesh is not None and self._before is not None:
            shifts = moved(self.rig, self.start, self._before, mesh)
        now = resized(handles, self.generator.config.resolution, RIG_SIDE).double().numpy()
        drags = np.stack([self.edit.handles.double().numpy(), now], 1)
        looks = self._looks
        surface = [k for k in range(len(drags)) if k not in looks]
        if surface:
            free = self._free
            vertices = with_handles(self.rig, self.start, shifts, drags[surface], free)
        return Version(ws, self._looking(vertices, now), picture=picture)

    @cached_property
    def _before(self) -> Mesh | None:
        return self._seen(self.first)[1]

    @cached_property
    def _looks(self) -> dict[int, int]:
        """Which handles drag an iris, and which one: those nearer to its centre than to a lid."""
        found: dict[int, int] = {}
        handles = self.edit.handles.double().numpy()
        for number, lids in enumerate((LEFT_EYE, RIGHT_EYE)):
            iris = self.start.iris(self.rig, number)
            away = np.linalg.norm(handles - iris[0], axis=1)
            edge = self.start.vertices[None, list(lids), :2] - handles[:, None]
            inside = away < np.linalg.norm(iris[1:] - iris[0], axis=1).mean()
            nearer = away < np.linalg.norm(edge, axis=2).min(1)
            found |= {int(k): number for k in np.flatnonzero(inside & nearer)}
        return found

    @cached_property
    def _free(self) -> Float[np.ndarray, " v"]:
        """How much each vertex may move."""
        mask = self.edit.mask
        if mask is None:
            return np.ones(len(self.start.vertices))
        places = self.start.vertices[None, :, :2].astype(np.float32)
        return sample(mask.numpy().astype(np.float32), places)[0].astype(np.float64)

    def _looking(self, vertices: Vertices, now: Float[np.ndarray, "p 2"]) -> Pose:
        """The pose with its irises where they were dragged, or as they were; and what is fixed."""
        pose = Pose(vertices, self.start.gaze.copy(), self._fixed)
        handles = self.edit.handles.double().numpy()
        for k, number in self._looks.items():
            way = now[k] - handles[k]
            kept = self.start.iris(self.rig, number)[0] + way - pose.iris(self.rig, number)[0]
            others = [j for j, other in self._looks.items() if other != number]
            pose.gaze[number] += kept
            if not others:  # both eyes look at the same place
                pose.gaze[1 - number] += kept
        return pose

    @cached_property
    def _fixed(self) -> np.ndarray | None:
        """What neither this drag nor those before were allowed to change."""
        if self.edit.mask is None:
            return None
        held, start = ~self.edit.mask.numpy(), self.start
        if start.fixed is not None:
            return held & start.fixed
        return held if start.rests(self.rig) else None

    def _seen(self, ws: Latents) -> tuple[Picture, Mesh | None]:
        picture = painted(self.generator, ws, self.side)
        whole = Crop(box_quad(-0.5, -0.5, float(len(picture))), RIG_SIDE)
        return picture, mesh_in(picture, whole)
