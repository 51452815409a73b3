"""The model at work: fit a photo, drag it, show it. The only place that holds a network."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from drag import Edit, Options, State, drag
from inversion import (
    Goal,
    Inversion,
    InvertOptions,
    Photo,
    TuneOptions,
    box_quad,
    choose,
    cut,
    invert,
)
from inversion.flow import Trail
from inversion.transfer import (
    Change,
    Quad,
    chain,
    newly_seen,
    render,
    settle,
)
from stylegan import Delta, Generator, activation, apply, before_activation, to_uint8, w_statistics
from weights import FACES, WeightsError, load, resolution

from .crop_edit import to_crop_edit
from .device import best_device, on_cpu
from .faces import guess, marks
from .looks import looks
from .saved import Facts, load_session
from .session import Session, Subject, Version

DRAG_OPTIONS = Options(
    steps=120,
    rate=0.03,
    radius=2.0,
    search=4.0,
    anchor=0.5,
    arrive=0.3,
    mask_weight=1.0,
    prior_weight=0.02,
    patience=40,
)  # chosen with benchmarks/drag_accuracy.py
OPTIONS_SIDE = 128  # px: the options' lengths are those of a picture of this side
INVERT_OPTIONS = InvertOptions(tune=TuneOptions(steps=0))
TUNED_OPTIONS = InvertOptions()  # a closer picture, but long drags tear it: see photo_edits
LAYERS = 6  # of w that a drag moves (DragGAN, implementation details)
Space = Literal["w+", "w"]
"""What a drag searches: a move of its own for each of the LAYERS, or one that they share."""
REACH = (
    0.12  # of the crop's side: how far from the drags the photo may move freely; more pulls hair
)
QUALITY = ((0.45, "close"), (0.65, "fair"), (float("inf"), "rough: edits may look odd"))
VIEW_SIDE = 512  # px of the fitted part on the screen
FRAME_EVERY = 4  # steps between two pictures of a drag


@dataclass(frozen=True)
class Moved:
    """One step of a drag. ``version`` is set every few steps and at the end."""

    state: State
    version: Version | None


class Engine:
    """A generator with what is known about its latents. Stateless otherwise.

    Computes on ``device``, by default the GPU if there is one; results are on the CPU.
    """

    def __init__(self, file: Path = FACES, device: str | torch.device | None = None):
        self.device = best_device() if device is None else torch.device(device)
        model = load(file)
        statistics = w_statistics(model.generator.mapping)  # on the CPU: the same everywhere
        # The shapes of the weights can be asked for where the weights are out of reach.
        self.shapes = {name: part.shape for name, part in model.generator.state_dict().items()}
        self.generator: Generator = model.generator.to(self.device)
        self.feature_side = model.feature_side
        self.statistics = statistics.to(self.device)
        self.axes = self.statistics.axes if model.axes is None else model.axes.to(self.device)
        self.landmarks = model.landmarks
        self.head = None if model.coordinates is None else model.coordinates.to(self.device)
        self.distance, self.distance_name = choose(self.device)

    @property
    def side(self) -> int:
        """Width and height of the generator's picture in px."""
        return self.generator.config.resolution

    def random(self, seed: int, truncation_psi: float = 0.8) -> np.ndarray:
        """A face of the model itself, [side side 3]."""
        return self.picture(self.latent(seed, truncation_psi))

    def face(self, seed: int, truncation_psi: float = 0.8) -> Session:
        """A face of the model itself, ready to drag: its picture, enlarged, is the photo."""
        ws, size = self.latent(seed, truncation_psi), (VIEW_SIDE, VIEW_SIDE)
        photo = Image.fromarray(self.picture(ws)).resize(size, Image.Resampling.BICUBIC)
        subject = Subject(np.array(photo), box_quad(-0.5, -0.5, float(VIEW_SIDE)), ws, {})
        return untouched(subject, self.side)

    def latent(self, seed: int, truncation_psi: float) -> Float[Tensor, "layers w"]:
        """The ws of a face of the model."""
        source = torch.Generator().manual_seed(seed)
        z = torch.randn(1, self.generator.config.z_dim, generator=source).to(self.device)
        return self.generator.style(z, truncation_psi)[0].cpu()

    def tuned(self, delta: Delta | None) -> Generator:
        """The generator bent by a delta; what does not change is shared."""
        return apply(self.generator, delta) if delta else self.generator

    @torch.no_grad()
    def picture(self, ws: Float[Tensor, "layers w"], delta: Delta | None = None) -> np.ndarray:
        """What the generator, tuned by the delta, shows: [side side 3]."""
        return to_uint8(self.tuned(delta)(ws[None].to(self.device))[0])

    def invert(self, photo: Photo, quad: Quad, options: InvertOptions) -> Iterator[Inversion]:
        """Fit the part of the photo inside the quad; each item is usable."""
        return self.fit(self.crop(photo, quad), options)

    def fit(self, image: Float[Tensor, "3 r r"], options: InvertOptions) -> Iterator[Inversion]:
        """Fit the part of a photo that ``crop`` cut out; each item is usable."""
        start = guess(image, self.generator.mapping)
        points = marks(image, self.landmarks, self.statistics.w_avg)
        image = image.to(self.device)
        goal = Goal(self.generator, self.statistics, image, self.distance, points)
        for found in invert(goal, options, start):
            yield on_cpu(found)

    def crop(self, photo: Photo, quad: Quad) -> Float[Tensor, "3 r r"]:
        """The part of the photo that is fitted, as the generator sees it."""
        return cut(photo, quad, self.side).image

    def begin(self, photo: Photo, quad: Quad, fit: Inversion) -> Session:
        """A session on a fitted photo."""
        return untouched(Subject(photo, quad, fit.ws, fit.delta), self.side)

    def quality(self, fit: Inversion) -> str:
        """How good a fit is, in words."""
        return next(word for limit, word in QUALITY if fit.pivot_distance <= limit)

    def drag(
        self, session: Session, edit: Edit, options: Options = DRAG_OPTIONS, space: Space = "w+"
    ) -> Iterator[Moved]:
        """Carry out an edit, given in photo px; the last item's version is the best state seen."""
        edit = to_crop_edit(edit, session.subject.quad, self.side)
        bent = copy(self)
        bent.generator = self.tuned(session.subject.delta)
        trail = Trail.start(bent.picture(session.now.ws))
        for state, ws in bent.drag_latent(session.now.ws, edit, options, space):
            version = None
            if state.end or state.step % FRAME_EVERY == 0:
                trail = trail.to(bent.picture(ws))
                version = self._version(session, edit, state, trail, ws)
            yield Moved(state, version)

    def drag_latent(
        self,
        ws: Float[Tensor, "layers w"],
        edit: Edit,
        options: Options = DRAG_OPTIONS,
        space: Space = "w+",
    ) -> Iterator[tuple[State, Float[Tensor, "layers w"]]]:
        """Drag the generator's own picture: (state, its ws) of each step, the last one the best.

        The search runs along the model's axes (shape, pose, expression), so that colours, hair
        and light cannot be traded for motion. The options' lengths are px of OPTIONS_SIDE.
        """
        options = options.scaled(edit.size[0] / OPTIONS_SIDE)
        base, rest = before_activation(ws[:LAYERS].to(self.device)), ws[LAYERS:].to(self.device)

        def moved(latent: Tensor) -> Tensor:
            return torch.cat([activation(base + latent @ self.axes), rest])

        def features(latent: Tensor) -> Tensor:
            return looks(self.generator, self.head, self.feature_side, moved(latent))

        start = torch.zeros(1 if space == "w" else LAYERS, len(self.axes), device=self.device)
        for state in drag(features, start, edit, options):
            yield on_cpu((state, moved(state.latent)))

    def _version(
        self, session: Session, edit: Edit, state: State, trail: Trail, ws: Tensor
    ) -> Version:
        handles, moved = (points.double().numpy() for points in (edit.handles, state.handles))
        mask = None if edit.mask is None else edit.mask.numpy()
        motion = trail.motion()
        flow = settle(motion, handles, moved, mask, REACH * self.side)
        added = newly_seen(trail.first, trail.last, motion, flow, moved)
        change = Change(flow, added)
        return Version(ws, chain(session.now.change, change))


def model_name(file: Path = FACES) -> str:
    """What to call a model; WeightsError where the file is missing, damaged, or no model."""
    return f"{file.stem[:1].upper()}{file.stem[1:]} ({resolution(file)} px)"


def untouched(subject: Subject, side: int) -> Session:
    """A session on a photo as it is."""
    flow, added = (np.zeros((side, side, channels), np.float32) for channels in (2, 3))
    nothing = Change(flow, added)
    return Session(subject, Version(subject.ws, nothing))


def open_session(engine: Engine, file: Path) -> tuple[Session, Facts]:
    """(a session that was saved, its facts).

    Raises:
        WeightsError: the file is missing, damaged, or was made for another model.
    """
    session, facts = load_session(file)
    subject, config = session.subject, engine.generator.config
    if (
        subject.ws.shape != (config.num_ws, config.w_dim)
        or len(session.now.change.flow) != engine.side
        or any(engine.shapes.get(name) != tensor.shape for name, tensor in subject.delta.items())
    ):
        raise WeightsError("This session was made for another model: fit the photo again.")
    return session, facts


def closeup(subject: Subject, side: int = VIEW_SIDE) -> Subject:
    """The fitted part of the photo, upright and square, as a photo of its own: quick to show."""
    photo = to_uint8(cut(subject.photo, subject.quad, side).image)
    return replace(subject, photo=photo, quad=box_quad(-0.5, -0.5, float(side)))


def show(subject: Subject, version: Version) -> Photo:
    """The subject's photo as this version has it, at its own size."""
    return render(subject.photo, subject.quad, version.change)[0]
