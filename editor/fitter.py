"""Fitting a photo: where its face has its points, a first guess of w, the search, what is kept."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Size, Tensor

from inversion import (
    LOOKS,
    CheckpointStore,
    Distance,
    GeometryFit,
    Helpers,
    Inversion,
    InvertOptions,
    LandmarkLoss,
    MotionAugmentation,
    ProjectionTarget,
    budget,
    invert,
)
from inversion.checkpoint import NullStore
from inversion.encoder import Encoder
from inversion.encoder import build as build_encoder
from inversion.landmark_loss import regressed
from photo import PhotoError, Sent
from photo.crop import Quad, check_quad
from photo.faces import SURE
from photo.mesh import INNER_LIPS, IRISES, LEFT_EYE, OUTER_LIPS, POINTS, RIGHT_EYE, FacePoints
from photo.nets import aligned_points
from stylegan import Mapping, WStatistics, to_uint8
from weights.aux_nets import ENCODER, digest, load_small
from weights.files import WeightsError
from weights.formats import Model
from weights.published.unfilled import unfilled

from .fit_cache import Fits
from .machine.device import on_cpu
from .motion.estimators import follower

ROUGH = "rough: edits may look odd"
QUALITY = ((0.45, "close"), (0.65, "fair"), (float("inf"), ROUGH))
PLACED = ((0.01, "close"), (0.02, "fair"), (float("inf"), ROUGH))  # mean distance of the points
AGAIN = "fit it again when less is going on here"
IMPORTANT = {3.0: (*LEFT_EYE, *RIGHT_EYE), 2.0: (*INNER_LIPS, *OUTER_LIPS), 6.0: IRISES}
"""How much more than others these points of a face count in its fit."""
CPU_SIDE = 256  # px of the largest pictures to which a generator is tuned without a GPU


@cache
def encoder() -> Encoder | None:
    """The encoder, read once; None where there is none.

    Raises:
        WeightsError: its file is damaged or holds something else.
    """
    if not ENCODER.is_file():
        return None
    tensors, facts = load_small(ENCODER)
    try:
        return build_encoder(tensors, facts)
    except ValueError as error:
        raise WeightsError(f"{ENCODER.name} cannot be used. {error}") from error


@dataclass(frozen=True)
class Fitter:
    """Makes one generator show a crop of a photo.

    Args:
        model: the generator and what is known of it, on the device that computes.
        statistics: of its w, on the same device.
        axes: along which its face is moved, to show how the photo should move.
        distance: how unlike two pictures are.
        distance_name: a sentence about it.
        encoder: gives the encoder; None where there is none.
        weights: a digest of all the generator's, which tells it from others.
    """

    model: Model
    statistics: WStatistics
    axes: Float[Tensor, "k w"]
    distance: Distance
    distance_name: str
    encoder: Callable[[], Encoder | None]
    weights: str

    @cached_property
    def shapes(self) -> dict[str, Size]:
        """Of the weights by name, and of "ws": what a delta and a latent must keep to."""
        config = self.model.generator.config  # the weights themselves may be out of reach
        shapes = {name: part.shape for name, part in unfilled(config).state_dict().items()}
        return shapes | {"ws": Size((config.num_ws, config.w_dim))}

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
        begun = time.monotonic()
        start = guess(image, self.model.generator.mapping, self.encoder())
        goal, placed = landmark_loss(image, self.model.landmark_regressor), None
        if goal is not None:
            for placed in self._placed(goal, start, options):
                yield on_cpu(placed)
        if not options.steps:
            if placed is not None:
                return
            options = budget("quick", options.project.seed)
        start = start if placed is None else placed.ws[0]
        target = ProjectionTarget(
            self.model.generator, self.statistics, image.to(self.axes), self.distance, goal
        )
        helpers = Helpers(start, self._augmentation(options), store)
        yield from map(on_cpu, invert(target, options, helpers, begun))

    def _placed(
        self, goal: LandmarkLoss, start: Float[Tensor, " w"] | None, options: InvertOptions
    ) -> Iterator[Inversion]:
        """The face of the model that is where the photo's is."""
        start = self.statistics.w_avg if start is None else start.to(self.axes)
        geometry = GeometryFit(goal, self.axes, self.statistics, start)
        num_ws = self.model.generator.config.num_ws
        for look, face in enumerate(geometry.steps(self._look)):
            ws, away, done = face.w.expand(num_ws, -1), face.error, (look + 1) / LOOKS
            first = Inversion(ws, {}, away, away, "geometry", look, LOOKS, done)
            yield replace(first, step=0, steps=options.steps, done=0.0) if options.steps else first

    @torch.no_grad()
    def _look(self, w: Float[Tensor, " w"]) -> Float[Tensor, "478 2"] | None:
        generator = self.model.generator
        return seen_points(generator(w.expand(1, generator.config.num_ws, -1))[0])

    def _augmentation(self, options: InvertOptions) -> MotionAugmentation:
        generator = self.model.generator
        side = min(options.tune.side, generator.config.resolution)
        return MotionAugmentation(
            lambda start, end: follower(self.model, start, side).to(end),
            lambda ws: generator(ws[None], resolution=side)[0],
            self.axes,
        )


def quality(inversion: Inversion) -> str:
    """How good a fit is, in words; and whether there was no time for a better one."""
    limits = PLACED if inversion.stage == "geometry" else QUALITY
    word = next(word for limit, word in limits if inversion.pivot_distance <= limit)
    at = f"step {inversion.step + 1} of {inversion.steps}"
    return f"{word}; its seconds ended at {at}: {AGAIN}" if inversion.cut_off else word


def inside(quad: Quad, photo: Sent) -> Quad:
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


def point_weights() -> Float[Tensor, " 478"]:
    """How much each point counts; they sum to 1."""
    weights = torch.ones(POINTS)
    for weight, rows in IMPORTANT.items():
        weights[list(rows)] = weight
    return weights / weights.sum()


def landmark_loss(
    image: Float[Tensor, "3 r r"], regressor: Float[Tensor, "inputs 478 2"] | None
) -> LandmarkLoss | None:
    """The points of the face in a crop; None where none is seen, or the model knows no such points.

    For models that know none (of animals, cars ...) the nets are not even read.
    """
    points = None if regressor is None else seen_points(image)
    if regressor is None or points is None:
        return None
    return LandmarkLoss(regressor, points, image.shape[-1], point_weights())


def seen_points(image: Float[Tensor, "3 r r"]) -> Float[Tensor, "478 2"] | None:
    """The points of the face in a picture, px; None where none is seen."""
    if not bool(image.isfinite().all()):
        return None
    points, sure = aligned_points(to_uint8(image))
    return torch.from_numpy(points).float() if sure > SURE else None


def model_points(regressor: Float[Tensor, "inputs 478 2"], w: Float[Tensor, " w"]) -> FacePoints:
    """About where a face of the model has its landmarks, in px of its picture."""
    return regressed(regressor, w[None].cpu())[0].double().numpy()
