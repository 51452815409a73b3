"""What a drag is in this editor: how far, how fast, along what, and what it does to the photo."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from drag import Edit, EditError, State, drag
from photo.crop import Crop
from photo.domain import Domain
from photo.framing import bars
from photo.mesh import FacePoints
from stylegan import Generator, apply, premodulated
from transfer.rig import RIG_SIDE, Pose, Rig
from transfer.warp import Warp
from weights.formats import Model

from .controls import NO_FACE, Values, checked
from .fitter import model_points
from .machine.device import on_cpu
from .motion.controlled import controlled, followed
from .motion.estimators import (
    FlowEstimator,
    Latents,
    MotionEstimator,
    NoPictureError,
    correspondence,
    painted,
)
from .motion.features import FeatureRenderer, LatentParameterization, along, plain
from .motion.guess import directions
from .motion.poses import PoseBuilder
from .motion.warps import WarpBuilder
from .search import LAYERS, OPTIONS_SIDE, OWN, Preset, Search, Space
from .search import search as searched
from .session import Session, Version

FRAME_EVERY = 4  # steps between two pictures of a drag
SEEN_SIDE = 256  # px of the largest pictures whose motion is looked at
EXACT_MASK = 2e9  # multiplications of a whole map: beyond, some of what must not move is looked at
MASK_WINDOWS = 6  # so many parts of it
FINISHED = ("arrived", "stuck")
"""Ends of a drag after which the photo's handles are where they were dragged, if not too far."""
Builder = PoseBuilder | WarpBuilder


@dataclass(frozen=True)
class DragStep:
    """One step of a drag. ``version`` is set every few steps, which come again with it."""

    state: State
    version: Version | None


@dataclass(frozen=True)
class Dragger:
    """Drags faces of one generator.

    Args:
        model: the generator and what is known of it, on the device that computes.
        axes: along which w moves before its last activation, on the same device.
    """

    model: Model
    axes: Float[Tensor, "k w"]

    def search(self, preset: Preset = "model") -> Search:
        """How it drags unless somebody says otherwise."""
        return searched(self.model.axes is not None, preset)

    @cached_property
    def directions(self) -> Float[np.ndarray, "n 468 2"]:
        """Along which it moves faces most; of a model that knows its landmarks."""
        model = self.model
        assert model.landmark_regressor is not None, "This model does not know its landmarks."
        return directions(model.landmark_regressor, self.axes, model.generator.config.resolution)

    @property
    def seen_side(self) -> int:
        """px of the pictures whose motion is looked at; the last one of a drag is whole."""
        return min(SEEN_SIDE, self.model.generator.config.resolution)

    def drag(
        self, session: Session, edit: Edit, search: Search | None = None
    ) -> Iterator[DragStep]:
        """See ``Engine.drag``; once there is no picture any more, the last one ends it."""
        last = None
        try:
            for moved in self._steps(session, edit, search):
                last = moved if moved.version is not None else last
                yield moved
        except NoPictureError:
            if last is None:
                raise
            yield replace(last, state=replace(last.state, end="diverged"))

    def _steps(self, session: Session, edit: Edit, search: Search | None) -> Iterator[DragStep]:
        model, subject, seen, builder = self.model, session.subject, self.seen_side, None
        side, tuned = model.generator.config.resolution, apply(model.generator, subject.delta)
        own = to_crop_edit(edit, Crop(subject.quad, side), model.domain)
        for state, ws in self.drag_latent(session.now.ws, own, search):
            yield DragStep(state, None)
            if builder is None:
                builder = self._builder(session, edit, tuned)
                yield DragStep(state, None)  # between two pieces of work: who wants to stop may
            if not state.end and state.step % FRAME_EVERY:
                continue
            handles = own.targets if state.end in FINISHED else state.handles
            version = builder.version(ws, handles)
            yield DragStep(state, version)
            if state.end and seen < side:
                yield DragStep(state, replace(version, picture=painted(tuned, ws)))

    def _builder(self, session: Session, edit: Edit, tuned: Generator) -> Builder:
        """What makes versions of the photo: poses of its rig, or without one warps."""
        subject, now, seen, domain = session.subject, session.now, self.seen_side, self.model.domain
        if subject.rig is not None and isinstance(now.change, Pose):
            own = to_crop_edit(edit, Crop(subject.quad, RIG_SIDE), domain)
            return PoseBuilder(tuned, now.ws, seen, subject.rig, now.change, own)
        assert isinstance(now.change, Warp)
        own = to_crop_edit(edit, Crop(subject.quad, seen), domain)
        flow = FlowEstimator(tuned, now.ws, seen)
        known = correspondence(self.model, now.ws, seen)
        places = None if self.model.landmark_regressor is None else self.places
        return WarpBuilder(MotionEstimator(flow, known, places), own, now.change)

    def control(self, session: Session, values: Values) -> Session:
        """See ``Engine.set``."""
        rig, start = session.subject.rig, session.uncontrolled
        every = {**session.now.controls, **checked(values)}
        values = {name: value for name, value in every.items() if value}
        if rig is None or not isinstance(start.change, Pose):
            raise EditError(NO_FACE)
        if values == session.now.controls:
            return session
        if values == start.controls:
            return session.controlled(replace(start, drawing=session.now.drawing))
        pose = controlled(rig, start.change, start.controls, values)
        ws = self._following(start.ws, (rig, start.change, pose))
        picture = painted(apply(self.model.generator, session.subject.delta), ws)
        return session.controlled(Version(ws, pose, session.now.drawing, picture, values))

    def _following(self, ws: Latents, poses: tuple[Rig, Pose, Pose]) -> Latents:
        """The ws of a face that has moved as the photo's; the same where that cannot be told."""
        known = self.model.landmark_regressor
        if known is None:
            return ws
        move, to_ws = along(ws.to(self.axes), len(ws), self.axes, OWN["geometry"])
        move[0] = followed(known, self.axes, self.model.generator.config.resolution, poses)
        return on_cpu(to_ws(move))

    def places(self, ws: Latents) -> FacePoints:
        """About where a face of the model has its points, in px of its picture."""
        regressor = self.model.landmark_regressor
        assert regressor is not None, "This model does not know its landmarks."
        return model_points(regressor, ws[0])

    def drag_latent(
        self, ws: Latents, edit: Edit, search: Search | None = None
    ) -> Iterator[tuple[State, Latents]]:
        """Drag the generator's own picture: (state, its ws) of each step, the last one the best."""
        model, ws, search = self.model, ws.to(self.axes), search or self.search()
        config, side = model.generator.config, model.feature_side
        many = config.operations(side) > EXACT_MASK
        options = replace(search.options, mask_windows=MASK_WINDOWS if many else 0)
        options = options.scaled(config.resolution / OPTIONS_SIDE)
        latents = self.latents(ws, search.space)
        for state in drag(latents, latents.start, edit, options, latents.windows):
            yield on_cpu((state, latents.ws(state.latent)))

    def latents(self, ws: Latents, space: Space) -> LatentParameterization:
        """What moves, from these ws on."""
        model = self.model
        moving = LAYERS if model.axes is None or space != "axes" else len(ws)
        if space == "axes":
            own = OWN["principal" if model.axes is None else "geometry"]
            start, to_ws = along(ws, moving, self.axes, own)
        else:
            start, to_ws = plain(ws, moving, space == "w+")
        generator = premodulated(model.generator, ws, moving)
        looks = FeatureRenderer(generator, model.coordinates, model.feature_side)
        return LatentParameterization(looks, start, to_ws)


def to_crop_edit(edit: Edit, crop: Crop, domain: Domain) -> Edit:
    """The same edit in px of the crop; the bars of a crop for cars may not move.

    Raises:
        EditError: a point lies outside the crop, or the mask leaves nothing of it free.
    """
    side, rows = crop.side, bars(crop.side, domain)
    points = [crop.from_photo(p.double().numpy()) for p in (edit.handles, edit.targets)]
    check_places(points, side, rows)
    mask = None
    if edit.mask is not None:
        mask = torch.from_numpy(crop.cut_mask(edit.mask.numpy()))
    if rows:
        mask = torch.ones(side, side, dtype=torch.bool) if mask is None else mask.clone()
        mask[:rows] = mask[side - rows :] = False
    handles, targets = (torch.from_numpy(p).float() for p in points)
    return replace(edit, size=(side, side), handles=handles, targets=targets, mask=mask)


def check_places(ends: Sequence[Float[np.ndarray, "n 2"]], side: int, rows: int = 0) -> None:
    """Complain about ``ends``, handles and targets, outside a crop, or in its bars.

    Raises:
        EditError: says which.
    """
    low, high = np.array([0, rows]) - 0.5, np.array([side, side - rows]) - 0.5
    for name, places in zip(("starts", "ends"), ends, strict=True):
        outside = ((places < low) | (places > high)).any(1)
        if outside.any():
            bad = int(outside.argmax()) + 1
            raise EditError(f"Drag {bad} {name} outside the fitted part of the photo.")
