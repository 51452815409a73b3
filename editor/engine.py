"""The model at work: fit a photo, drag it, show it. The only place that holds a network."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from drag import Edit, Options, State, drag
from inversion import (
    BUDGETS,
    Domain,
    Goal,
    Helpers,
    Inversion,
    InvertOptions,
    Mover,
    Photo,
    box_quad,
    choose,
    cut,
    framed,
    invert,
)
from inversion.transfer import Quad
from stylegan import (
    Delta,
    Generator,
    apply,
    before_activation,
    frozen,
    to_uint8,
    w_statistics,
)
from weights import FACES, open_model
from weights.small import digest

from .crop_edit import to_crop_edit
from .device import best_device, on_cpu
from .dragging import (
    DRAG_OPTIONS,
    FRAME_EVERY,
    LAYERS,
    OWN,
    SEEN_SIDE,
    Frames,
    Moved,
    Space,
    scaled,
)
from .faces import FACE_POINTS, guess, marks, usual_points
from .fits import Fits
from .looks import Looks, Search
from .motion import ByFlow, ByPoints, Follower, Watch
from .session import Session, Subject
from .view import VIEW_SIDE, untouched

QUALITY = ((0.45, "close"), (0.65, "fair"), (float("inf"), "rough: edits may look odd"))
INVERT_OPTIONS = BUDGETS["balanced"]
CPU_SIDE = 256  # px of the largest pictures to which a generator is tuned without a GPU


class Engine:
    """A generator with what is known about its latents. Stateless otherwise.

    Computes on ``device``, by default the GPU if there is one; results are on the CPU.
    """

    def __init__(self, file: Path = FACES, device: str | torch.device | None = None):
        self.device = best_device() if device is None else torch.device(device)
        model = open_model(file)
        statistics = w_statistics(model.generator.mapping)  # on the CPU: the same everywhere
        # The shapes of the weights can be asked for where the weights are out of reach.
        self.shapes = {name: part.shape for name, part in model.generator.state_dict().items()}
        self.generator: Generator = model.generator.to(self.device)
        self.feature_side = model.feature_side
        self.domain: Domain = model.domain
        self.statistics = statistics.to(self.device)
        self.axes = self.statistics.axes if model.axes is None else model.axes.to(self.device)
        self.layers = LAYERS if model.axes is None else self.generator.config.num_ws
        self.landmarks = model.landmarks
        self.head = None if model.coordinates is None else model.coordinates.to(self.device)
        self.box = None if model.box is None else model.box.to(self.device)
        self.distance, self.distance_name = choose(self.device)

    @cached_property
    def weights(self) -> str:
        """What tells this generator from others: a digest of all its weights."""
        return digest(self.generator.state_dict())

    @property
    def side(self) -> int:
        """Width and height of the generator's picture in px."""
        return self.generator.config.resolution

    @property
    def seen_side(self) -> int:
        """px of the pictures whose motion is looked at during a drag; the last one is whole."""
        return min(SEEN_SIDE, self.side)

    def random(self, seed: int, truncation_psi: float = 0.8) -> np.ndarray:
        """A face of the model itself, [side side 3]."""
        return self.picture(self.latent(seed, truncation_psi))

    def face(self, seed: int, truncation_psi: float = 0.8) -> Session:
        """A face of the model itself, ready to drag: its picture, enlarged, is the photo."""
        ws, size = self.latent(seed, truncation_psi), (VIEW_SIDE, VIEW_SIDE)
        photo = Image.fromarray(self.picture(ws)).resize(size, Image.Resampling.BICUBIC)
        subject = Subject(np.array(photo), box_quad(-0.5, -0.5, float(VIEW_SIDE)), ws, {})
        return untouched(subject, self.seen_side)

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

    def invert(
        self, photo: Photo, quad: Quad, options: InvertOptions, kept: Path | None = None
    ) -> Iterator[Inversion]:
        """Fit the part of the photo inside the quad; each item is usable. See ``fit``."""
        return self.fit(self.crop(photo, quad), options, kept)

    def fit(
        self, image: Float[Tensor, "3 r r"], options: InvertOptions, kept: Path | None = None
    ) -> Iterator[Inversion]:
        """Fit the part of a photo that ``crop`` cut out; each item is usable.

        In the folder ``kept`` the fit is found the next time, and one that was stopped goes on.
        """
        if self.device.type == "cpu":
            side = min(CPU_SIDE, options.tune.side)
            options = replace(options, tune=replace(options.tune, side=side))
        fits = (
            None
            if kept is None
            else Fits(kept, image, self.weights, self.distance_name, repr(options))
        )
        if fits is not None and (found := fits.found()):
            yield found
            return
        found = None
        for found in self._fit(image, options, fits):
            yield found
        if fits is not None and found is not None and not found.cut_off:
            fits.finish(found)

    def _fit(
        self, image: Float[Tensor, "3 r r"], options: InvertOptions, fits: Fits | None
    ) -> Iterator[Inversion]:
        points = marks(image, self.landmarks, self.statistics.w_avg)
        goal = Goal(self.generator, self.statistics, image.to(self.device), self.distance, points)
        side = min(options.tune.side, self.side)
        mover = Mover(
            lambda start, end: self.follow(start, side).to(end),
            lambda ws: self.generator(ws[None], resolution=side)[0],
            self.axes,
        )
        helpers = Helpers(guess(image, self.generator.mapping), mover)
        if fits is not None:
            helpers = replace(helpers, keeper=fits)
        for found in invert(goal, options, helpers):
            yield on_cpu(found)

    def follow(self, ws: Float[Tensor, "layers w"], side: int) -> Follower:
        """Follows the untuned generator's picture, at this side, from these ws on."""
        return self._known(ws, side) or ByFlow(self.generator, ws, side)

    def _known(self, ws: Float[Tensor, "layers w"], side: int) -> ByPoints | None:
        if self.head is None or self.box is None:
            return None
        return ByPoints(self.generator, self.head, self.box, ws, side)

    def places(self, ws: Float[Tensor, "layers w"]) -> Float[np.ndarray, "68 2"]:
        """About where a face of the model has its landmarks, in px of its picture."""
        assert self.landmarks is not None, "This model does not know its landmarks."
        return usual_points(self.landmarks, ws[0])[:FACE_POINTS]

    def crop(self, photo: Photo, quad: Quad) -> Float[Tensor, "3 r r"]:
        """The part of the photo that is fitted, as the generator sees it; see ``framed``."""
        return framed(cut(photo, quad, self.side).image, self.domain)

    def begin(self, photo: Photo, quad: Quad, fit: Inversion) -> Session:
        """A session on a fitted photo."""
        return untouched(Subject(photo, quad, fit.ws, fit.delta), self.seen_side)

    def quality(self, fit: Inversion) -> str:
        """How good a fit is, in words."""
        return next(word for limit, word in QUALITY if fit.pivot_distance <= limit)

    def drag(
        self, session: Session, edit: Edit, options: Options = DRAG_OPTIONS, space: Space = "w+"
    ) -> Iterator[Moved]:
        """Carry out an edit, given in photo px; the last item's version is the best state seen.

        What is dragged is the untuned generator's face: its features and their motion are those
        that training gave it. What it becomes is painted by the tuned one.
        """
        own, seen = (
            to_crop_edit(edit, session.subject.quad, n, self.domain)
            for n in (self.side, self.seen_side)
        )
        start, delta = session.now.ws, session.subject.delta
        places = None if self.landmarks is None else self.places
        shown = ByFlow(self.tuned(delta), start, self.seen_side)
        watch = Watch(shown, self._known(start, self.seen_side), places)
        frames, scale = Frames(watch, seen, session.now.change), self.seen_side / self.side
        for state, ws in self.drag_latent(start, own, options, space):
            version = None
            if state.end or state.step % FRAME_EVERY == 0:
                version = frames.version(ws, (state.handles + 0.5) * scale - 0.5)
            if version is not None and state.end and scale < 1:
                version = replace(version, picture=self.picture(ws, delta))
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
        options = scaled(options, self.generator.config, self.feature_side)
        ws = ws.to(self.device)
        base, rest = before_activation(ws[: self.layers]), ws[self.layers :]
        looks = Looks(frozen(self.generator, ws, self.layers), self.head, self.feature_side)
        search = Search(looks, base, rest, self.axes, OWN if space == "w+" else 0.0)
        for state in drag(search, search.start, edit, options, search.windows):
            yield on_cpu((state, search.ws(state.latent)))
