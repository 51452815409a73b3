"""One pass for picture and coordinates: whole up to 64 px, above that only in a window.

StyleGAN2's blocks see only neighbouring cells, so a window of a map gives that window of the next
one. The cells along an edge that is not the picture's come out wrong, for zeros stand there instead
of neighbours; so each window is MARGIN cells wider than what is kept of it.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from .networks import Networks

TRUNK = 64  # px up to which maps are whole
CELLS = 32  # of the trunk that a window shows: half the picture's side
MARGIN = 3  # cells that an up-convolution and a convolution spoil along an edge, rounded up
ON_FACE = 2 / 3  # share of the windows that are centred on a landmark
BEYOND = (
    8  # cells that the others are drawn outside the picture and pushed back: its edge is learnt
)

Place = list[tuple[int, int]]


@dataclass(frozen=True)
class Windows:
    """A square of CELLS x CELLS trunk cells in each picture; ``corners`` are (x, y)."""

    corners: Place

    def cut(self, maps: Float[Tensor, "n c s s"]) -> Float[Tensor, "n c p p"]:
        """The windows of whole maps."""
        return _crop(maps, [(0, 0)] * len(self.corners), *self.place(maps.shape[-1], 0))

    def place(self, side: int, margin: int) -> tuple[Place, int]:
        """(corners, size) with this margin, in cells of a map of this side and inside it."""
        size = CELLS * side // TRUNK + 2 * margin

        def clamped(corner: int) -> int:
            return min(max(corner * side // TRUNK - margin, 0), side - size)

        return [(clamped(x), clamped(y)) for x, y in self.corners], size


@dataclass
class Painted:
    """Pictures and coordinates by side: whole up to TRUNK px, above that the windows."""

    pictures: dict[int, Tensor] = field(default_factory=dict[int, Tensor])
    points: dict[int, Tensor] = field(default_factory=dict[int, Tensor])


@dataclass(frozen=True)
class _Maps:
    """What one block ends with; all begin at ``origin``, in cells of the whole map."""

    origin: Place
    features: Tensor | None = None
    picture: Tensor | None = None
    points: Tensor | None = None

    def cut(self, windows: Windows, side: int) -> "_Maps":
        corners, size = windows.place(side, MARGIN)
        doubled = [(2 * x, 2 * y) for x, y in corners]
        maps = (self.features, self.picture, self.points)
        parts = [None if m is None else _crop(m, self.origin, corners, size) for m in maps]
        return _Maps(doubled, *parts)


def paint(
    networks: Networks, ws: Float[Tensor, "n layers w"], side: int, windows: Windows | None = None
) -> Painted:
    """Pictures at TRUNK px and at ``side``, and coordinates at the highest sides up to those."""
    painted, maps = Painted(), _Maps([(0, 0)] * len(ws))
    trunk, top = min(side, TRUNK), min(side, networks.coordinates.sides[-1])
    for here in (block for block in networks.config.blocks if block <= side):
        if windows is not None and here > TRUNK:
            maps = maps.cut(windows, here // 2)
        maps = _step(networks, ws, here, maps)
        place = windows.place(here, 0) if windows is not None and here > TRUNK else None
        for part, kept, sides in (
            (maps.picture, painted.pictures, (trunk, side)),
            (maps.points, painted.points, (min(trunk, top), top)),
        ):
            if part is not None and here in sides:
                kept[here] = part if place is None else _crop(part, maps.origin, *place)
    return painted


def _step(networks: Networks, ws: Tensor, side: int, below: _Maps) -> _Maps:
    """One block. Autocast may choose its convolutions' type; what is summed stays float32."""
    generator, head = networks.generator, networks.coordinates
    x = generator.block(side, below.features, ws, "none")
    with torch.autocast(ws.device.type, enabled=False):
        features = x.to(ws.dtype)
        picture = generator.colours(side, features, ws, below.picture)
        points = head.add(side, features, ws, below.points) if side in head.sides else None
    return _Maps(below.origin, x, picture, points)


def _crop(maps: Tensor, origin: Place, corners: Place, size: int) -> Tensor:
    """Squares at these corners, in cells of the whole map, of maps that begin at ``origin``."""
    where = [(x - a, y - b) for (a, b), (x, y) in zip(origin, corners, strict=True)]
    return torch.stack(
        [one[:, y : y + size, x : x + size] for one, (x, y) in zip(maps, where, strict=True)]
    )


def draw_windows(landmarks: Float[Tensor, "n p 2"], side: int, source: torch.Generator) -> Windows:
    """Windows around a random landmark (in px of this side) or, one in three, anywhere."""
    count, points = landmarks.shape[:2]
    pick = torch.randint(points, (count,), generator=source)
    centre = landmarks[torch.arange(count), pick] * (TRUNK / side) - CELLS / 2
    room = TRUNK - CELLS + 2 * BEYOND
    anywhere = torch.rand(count, 2, generator=source) * room - BEYOND
    on_face = torch.rand(count, 1, generator=source) < ON_FACE
    corners = torch.where(on_face, centre, anywhere).round().clamp(0, TRUNK - CELLS).long()
    return Windows([(int(x), int(y)) for x, y in corners])
