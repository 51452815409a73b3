"""What a drag follows: the generator's features and, if it knows them, the points of the face.

DragGAN compares features alone: a cheek looks like the cheek beside it. A model with a coordinate
head says of each pixel which point of the neutral face it shows, so that no point slips.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import CoordinateHead, Generator

POINT_WEIGHT = 40.0
"""What the coordinates count against the features, by which they are multiplied.

Chosen on the landmark protocol, see benchmarks/landmarks.py.
"""


def looks(
    generator: Generator,
    head: CoordinateHead | None,
    side: int,
    ws: Float[Tensor, "layers w"],
) -> Float[Tensor, "c side side"]:
    """The features of the block of this side; with a head, x, y, z of the face as three more."""
    maps: dict[int, Tensor] = {}
    for here, features in generator.maps(ws[None]):
        maps[here] = features
        if here == side:
            break
    if head is None:
        return maps[side][0]
    painted = head(maps, ws[None])
    return torch.cat([maps[side], POINT_WEIGHT * painted[:, :3]], 1)[0]
