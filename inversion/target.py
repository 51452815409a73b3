"""What a fit is after: a w whose picture is the photo's crop, with the face's parts in place."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from stylegan import Generator, WStatistics

from .distance import Distance
from .landmark_loss import LandmarkLoss

LANDMARK_WEIGHT = 25.0  # of the points' mean distance in shares of the side: 0.1 a px of 256


@dataclass(frozen=True)
class ProjectionTarget:
    """What is searched for: w whose picture is close to the ``image``, an aligned crop.

    ``landmark_loss`` keeps the parts of the face in their places: by colours alone a lip may take
    the place of a nose, and is then dragged as one.
    """

    generator: Generator
    statistics: WStatistics
    image: Float[Tensor, "3 r r"]
    distance: Distance
    landmark_loss: LandmarkLoss | None = None

    def small(self, side: int) -> "ProjectionTarget":
        """The same in pictures of at most this side."""
        side = min(side, self.image.shape[-1])
        return replace(self, image=F.interpolate(self.image[None], (side, side), mode="area")[0])

    def pictures(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n 3 r r"]:
        """What the generator shows at these w."""
        ws = w[:, None].expand(-1, self.generator.config.num_ws, -1)
        return self.generator(ws, resolution=self.image.shape[-1])

    def distances(self, w: Float[Tensor, "n w"]) -> Float[Tensor, " n"]:
        """The distances of the pictures of these w; what is over the face counts most."""
        wanted = (self.image[None], face_weight(self.image))
        image, weight = (part.expand(len(w), -1, -1, -1) for part in wanted)
        return self.distance(self.pictures(w), image, weight)

    def costs(self, w: Float[Tensor, "n w"]) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
        """(the distances, the same and what the points' distances cost)."""
        distances = self.distances(w)
        if self.landmark_loss is None:
            return distances, distances
        return distances, distances + LANDMARK_WEIGHT * self.landmark_loss.distances(w)


def face_weight(image: Float[Tensor, "3 r r"]) -> Float[Tensor, "1 1 r r"]:
    """1 over eyes, nose and mouth of an aligned crop, 0.2 far from them."""
    side = image.shape[-1]
    line = (torch.arange(side) + 0.5) / side - 0.5
    x, y = line[None, :] / 0.30, (line[:, None] - 0.08) / 0.36
    inside = torch.sigmoid(8 * (1 - (x.square() + y.square()).sqrt()))
    return (0.2 + 0.8 * inside)[None, None].to(image)
