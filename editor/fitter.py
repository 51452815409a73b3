"""Fitting a photo: where its face has its points, a first guess of w, the search, what is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Size, Tensor

from inversion import (
    CheckpointStore,
    Distance,
    Helpers,
    Inversion,
    InvertOptions,
    LandmarkLoss,
    MotionAugmentation,
    ProjectionTarget,
    invert,
)
from inversion.checkpoint import NullStore
from inversion.encoder import Encoder
from inversion.landmark_loss import regressed
from photo import Photo, PhotoError
from photo.align import face_points
from photo.crop import Quad, check_quad
from photo.landmarks import LandmarkNet, eyes_and_mouth
from stylegan import Mapping, WStatistics, to_uint8
from weights.aux_nets import digest
from weights.formats import Model
from weights.published.unfilled import unfilled

from .fit_cache import Fits
from .machine.device import on_cpu
from .motion.estimators import follower

FACE_POINTS = 68  # iBUG's; ears and hairline are guesses where hair covers them
QUALITY = ((0.45, "close"), (0.65, "fair"), (float("inf"), "rough: edits may look odd"))
CPU_SIDE = 256  # px of the largest pictures to which a generator is tuned without a GPU


@dataclass(frozen=True)
class Fitter:
    """Makes one generator show a crop of a photo.

    Args:
        model: the generator and what is known of it, on the device that computes.
        statistics: of its w, on the same device.
        axes: along which its face is moved, to show how the photo should move.
        distance: how unlike two pictures are.
        distance_name: a sentence about it.
        nets: give the landmark net and the encoder; None where there is no encoder.
    """

    model: Model
    statistics: WStatistics
    axes: Float[Tensor, "k w"]
    distance: Distance
    distance_name: str
    nets: tuple[Callable[[], LandmarkNet], Callable[[], Encoder | None]]

    @cached_property
    def shapes(self) -> dict[str, Size]:
        """Of the weights by name, and of "ws": what a delta and a latent must keep to."""
        config = self.model.generator.config  # the weights themselves may be out of reach
        shapes = {name: part.shape for name, part in unfilled(config).state_dict().items()}
        return shapes | {"ws": Size((config.num_ws, config.w_dim))}

    @cached_property
    def weights(self) -> str:
        """What tells this generator from others: a digest of all its weights."""
        return digest(self.model.generator.state_dict())

    def fit(
        self, image: Float[Tensor, "3 r r"], options: InvertOptions, kept: Path | None
    ) -> Iterator[Inversion]:
        """See ``Engine.fit``."""
        if self.axes.device.type == "cpu":
            side = min(CPU_SIDE, options.tune.side)
            options = replace(options, tune=replace(options.tune, side=side))
        if kept is None:
            yield from self._search(image, options, NullStore())
            return
        fits = Fits(kept, image, self.weights, self.distance_name, repr(options))
        inversion = fits.result(self.shapes)
        if inversion is not None:
            yield inversion
            return
        for inversion in self._search(image, options, fits):
            yield inversion
        if inversion is not None and not inversion.cut_off:
            fits.finish(inversion)

    def _search(
        self, image: Float[Tensor, "3 r r"], options: InvertOptions, store: CheckpointStore
    ) -> Iterator[Inversion]:
        generator, (landmark_net, encoder) = self.model.generator, self.nets
        loss = landmark_loss(
            image, self.model.landmark_regressor, self.statistics.w_avg, landmark_net
        )
        target = ProjectionTarget(
            generator, self.statistics, image.to(self.axes), self.distance, loss
        )
        side = min(options.tune.side, generator.config.resolution)
        augmentation = MotionAugmentation(
            lambda start, end: follower(self.model, start, side).to(end),
            lambda ws: generator(ws[None], resolution=side)[0],
            self.axes,
        )
        helpers = Helpers(guess(image, generator.mapping, encoder()), augmentation, store)
        yield from map(on_cpu, invert(target, options, helpers))


def quality(inversion: Inversion) -> str:
    """How good a fit is, in words."""
    return next(word for limit, word in QUALITY if inversion.pivot_distance <= limit)


def inside(quad: Quad, photo: Photo) -> Quad:
    """The corners of a crop, if that is one of this photo.

    Raises:
        PhotoError: it lies beside the photo, or is too small, too large, or no square.
    """
    try:
        check_quad(quad, photo)
    except ValueError as error:
        raise PhotoError(f"This cannot be fitted: {error}. Move it onto the photo.") from error
    return quad


@torch.no_grad()
def guess(
    image: Float[Tensor, "3 r r"], mapping: Mapping, encoder: Encoder | None
) -> Float[Tensor, " w"] | None:
    """The w of a crop, on the CPU; None where there is no encoder for this mapping."""
    if encoder is None or encoder.mapping != digest(mapping.state_dict()):
        return None
    return encoder(image[None].cpu())[0]


def landmark_loss(
    image: Float[Tensor, "3 r r"],
    regressor: Float[Tensor, "inputs points 2"] | None,
    w_avg: Float[Tensor, " w"],
    landmark_net: Callable[[], LandmarkNet],
) -> LandmarkLoss | None:
    """The points of the face in a crop; None where they are in doubt, or unknown to the model.

    For models that know no landmarks (of animals, cars ...) the net is not even read.
    """
    if regressor is None:
        return None
    net, side = landmark_net(), image.shape[-1]
    if regressor.shape[1] != len(net.names):
        return None
    about = eyes_and_mouth(model_points(regressor, w_avg))
    points = face_points(to_uint8(image), about, net)
    if points is None:
        return None
    wanted = torch.from_numpy(points[:FACE_POINTS]).float()
    return LandmarkLoss(regressor[:, :FACE_POINTS], wanted, side)


def model_points(
    regressor: Float[Tensor, "inputs points 2"], w: Float[Tensor, " w"]
) -> Float[np.ndarray, "points 2"]:
    """About where a face of the model has its landmarks, in px of its picture."""
    return regressed(regressor, w[None].cpu())[0].double().numpy()
