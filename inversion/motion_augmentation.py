"""How the photo should move: as the untuned generator moves the pivot's face."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stylegan import activation, before_activation
from transfer.flow import Colours, Motion, matched_colours, warp

Latents = Float[Tensor, "layers w"]
NEW_WEIGHT = 0.3  # of what the photo does not show, against what it shows
ReadMotion = Callable[[Latents, Latents], Motion]
"""The motion between the untuned generator's pictures of two ws, at the size of its pictures."""


@dataclass(frozen=True)
class TuningSample:
    """A picture that a generator should show, and where that matters."""

    ws: Latents
    image: Float[Tensor, "3 r r"]
    weight: Float[Tensor, "1 r r"]


@dataclass(frozen=True)
class MotionAugmentation:
    """Moves the photo as the generator moves its faces.

    Args:
        read: how it moves, in px of pictures of the same side as the photo's.
        draw: the untuned generator's picture, of this side.
        axes: the directions of the moves, in w before its last activation.
        seed: of the moves.
    """

    read: ReadMotion
    draw: Callable[[Latents], Float[Tensor, "3 r r"]]
    axes: Float[Tensor, "k w"]
    seed: int = 0

    def __call__(
        self, ws: Latents, image: Float[Tensor, "3 r r"], count: int, reach: float
    ) -> Iterator[TuningSample]:
        """The photo after random moves of this reach, in standard deviations along each axis.

        What comes to light is the generator's own, in the colours around it.
        """
        source = torch.Generator().manual_seed(self.seed)
        base, photo = before_activation(ws), image.permute(1, 2, 0).cpu().numpy()
        for _ in range(count):
            move = reach * torch.randn(1, len(self.axes), generator=source).to(self.axes)
            moved = activation(base + move @ self.axes)
            motion = self.read(ws, moved)
            confidence = motion.confidence.astype(np.float32)[..., None]
            picture = warp(photo, motion.flow.astype(np.float32))
            own = self.draw(moved).permute(1, 2, 0).cpu().numpy()
            target = confidence * picture + (1 - confidence) * matched_colours(
                own, picture, confidence
            )
            weight = confidence + NEW_WEIGHT * (1 - confidence)
            yield TuningSample(moved, *(_tensor(part).to(image) for part in (target, weight)))


def _tensor(picture: Colours) -> Float[Tensor, "c r r"]:
    return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)
