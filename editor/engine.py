"""The models at work: the only place that loads networks and keeps them.

Pictures are uint8 RGB [h w 3], points are (x, y) in px, ws are [layers w] without a batch axis.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from drag import Edit
from inversion import BUDGETS, Inversion, InvertOptions, choose
from photo import Photo, PhotoError, Sent
from photo.crop import Crop, Quad, box_quad
from photo.domain import Domain
from photo.faces import find_faces
from photo.framing import Point, default_quad, framed
from stylegan import Delta, apply
from transfer.warp import Warp
from weights.aux_nets import digest
from weights.checkpoints import open_model
from weights.files import FACES
from weights.formats import Model

from .controls import Values
from .dragger import Dragger, DragStep
from .fitter import Fitter, encoder, inside
from .machine.device import best_device, changed
from .machine.shortage import enough_memory, with_memory
from .motion.estimators import painted
from .motion.features import alike
from .motion.poses import rigged
from .search import Search
from .session import FittedPhoto, Session, SessionError, fitted
from .session_file import Facts, load_session
from .view import VIEW_SIDE, enlarged, untouched

NO_FACE = "No face was found: mark the eyes and the mouth with --eyes-mouth."
Pairs = Sequence[tuple[tuple[float, float], tuple[float, float]]]
"""Drags as (handle, target), each (x, y)."""
faces, default_crop = enough_memory()(find_faces), enough_memory()(default_quad)
"""The faces of a photo; where it is cut unless somebody says where."""


class Engine:
    """A generator with what is known about its latents. Stateless otherwise.

    Open a photo once, drag it often::

        session = engine.open(photo)
        *_, last = engine.drag(session, [((222, 128), (236, 128))])

    Args:
        file: of the generator, in any format that ``weights`` reads.
        device: that computes; by default the GPU if there is one. Results are on the CPU.
        domain: how photos are cropped for it; by default as the file or the catalogue says.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or may not be trusted.
        ShortageError: there is not enough memory for it. So do all methods.
    """

    @enough_memory()
    def __init__(
        self,
        file: Path = FACES,
        device: str | torch.device | None = None,
        domain: Domain | None = None,
    ):
        model = open_model(file)
        model = replace(model, domain=domain or model.domain)
        statistics, known = model.measured(), model.axes  # on the CPU: the same everywhere
        axes = moving = statistics.axes if known is None else known
        if known is None:
            moving = axes / axes.norm(dim=1, keepdim=True).sqrt()
        elif model.landmark_regressor is not None:
            moving = alike(axes, model.landmark_regressor, model.generator.config.resolution)
        on = torch.device(device or best_device())
        self.model: Model = changed(model, (Tensor, nn.Module), lambda part: part.to(on))
        self.generator = self.model.generator
        self.domain: Domain = self.model.domain
        self.statistics, axes = statistics.to(on), axes.to(on)
        self.dragger = Dragger(self.model, moving.to(on))
        self.search = self.dragger.search
        own = digest(model.generator.state_dict())
        self.fitter = Fitter(self.model, self.statistics, axes, *choose(on), encoder, own)

    @property
    def device(self) -> torch.device:
        """What computes."""
        return self.statistics.axes.device

    @property
    def side(self) -> int:
        """Width and height of the generator's picture in px."""
        return self.generator.config.resolution

    def latent(self, seed: int, truncation_psi: float) -> Float[Tensor, "layers w_dim"]:
        """The ws of a face of the model: 0 is the mean face, 1 any face."""
        source = torch.Generator().manual_seed(seed)
        z = torch.randn(1, self.generator.config.z_dim, generator=source).to(self.device)
        return self.generator.style(z, truncation_psi)[0].cpu()

    @enough_memory()
    def picture(self, ws: Float[Tensor, "layers w_dim"], delta: Delta | None = None) -> Photo:
        """What the generator, tuned by the delta, shows: [side side 3].

        Raises:
            NoPictureError: it shows nothing there.
        """
        return painted(apply(self.generator, delta or {}), ws)

    def random(self, seed: int, truncation_psi: float = 0.8) -> Photo:
        """A face of the model itself, [side side 3]."""
        return self.picture(self.latent(seed, truncation_psi))

    def face(self, seed: int, truncation_psi: float = 0.8) -> Session:
        """A face of the model itself, ready to drag: its picture, enlarged, is the photo."""
        ws = self.latent(seed, truncation_psi)
        photo = enlarged(self.picture(ws), VIEW_SIDE)
        subject = FittedPhoto(photo, box_quad(-0.5, -0.5, float(VIEW_SIDE)), ws, {})
        return self._ready(subject)

    def open(
        self,
        photo: Sent,
        quad: Quad | None = None,
        budget: str = "geometry",
        at: Point | None = None,
    ) -> Session:
        """Fit a photo, which has to be done once before it is dragged.

        Args:
            photo: any size; a transparent one is fitted as it looks on white.
            quad: what is fitted, see ``photo.crop``; without, a face or what the model is of.
            budget: "geometry" for drags; "quick", "balanced", "best" to look like the photo, too.
            at: (x, y) px of the photo: the face there is taken; without, the largest one.

        Raises:
            PhotoError, FitError: there is no face, or nothing like it can be made.
        """
        if quad is None and (quad := default_crop(photo, self.domain, at)) is None:
            raise PhotoError(NO_FACE)
        *_, inversion = self.invert(photo, inside(quad, photo), BUDGETS[budget])
        return self.begin(photo, quad, inversion)

    def invert(
        self, photo: Sent, quad: Quad, options: InvertOptions, kept: Path | None = None
    ) -> Iterator[Inversion]:
        """Fit the part of the photo inside the quad; each item is usable. See ``fit``."""
        return self.fit(self.crop(photo, quad), options, kept)

    def crop(self, photo: Sent, quad: Quad) -> Float[Tensor, "3 r r"]:
        """The part of the photo that is fitted, as the generator sees it; see ``framed``."""
        return framed(Crop(quad, self.side).cut(photo), self.domain)

    @with_memory
    def fit(
        self, image: Float[Tensor, "3 r r"], options: InvertOptions, kept: Path | None = None
    ) -> Iterator[Inversion]:
        """Fit what ``crop`` cut out of a photo; each item is usable, on the CPU.

        In the folder ``kept`` the fit is found the next time, and one that was stopped goes on.

        Raises:
            FitError: nothing like it can be made.
        """
        return self.fitter.fit(image, options, kept)

    def begin(self, photo: Sent, quad: Quad, fit: Inversion) -> Session:
        """A session on a fitted photo."""
        return self._ready(fitted(photo, quad, fit.ws, fit.delta))

    def _ready(self, subject: FittedPhoto) -> Session:
        """With the rig of its head, if it is a face and the face nets see it."""
        rig = rigged(subject.photo, subject.quad) if self.domain == "face" else None
        ready = replace(subject, rig=rig, model=self.fitter.weights)
        return untouched(ready, self.dragger.seen_side)

    def reopen(self, file: Path) -> tuple[Session, Facts]:
        """(a session that was saved, its facts).

        Raises:
            SessionError: the file is missing, damaged, or was made for another model.
        """
        session, facts = load_session(file)
        self.check(session)
        return session, facts

    def check(self, session: Session) -> None:
        """Complain about a session of another model.

        Raises:
            SessionError: it was made with other weights, or its parts have other shapes.
        """
        subject, known, seen = session.subject, self.fitter.shapes, self.dragger.seen_side
        if (
            subject.model != self.fitter.weights
            or subject.ws.shape != known["ws"]
            or "ws" in subject.delta
            or (isinstance(warp := session.now.change, Warp) and len(warp.flow) != seen)
            or any(known.get(name) != tensor.shape for name, tensor in subject.delta.items())
        ):
            raise SessionError("This session was made for another model: fit the photo again.")

    @enough_memory()
    def set(self, session: Session, values: Values) -> Session:
        """The session with a version more, whose named controls have these values.

        ``engine.set(session, {"smile": 0.6, "turn": -10})``; 0 is as the photo was fitted. The
        others stay where they are, and so does what was dragged.

        Args:
            session: a fitted photo, and what was done to it.
            values: see ``editor/controls.py``.

        Raises:
            EditError: there is no such control, its value is beyond its range, or no face.
        """
        return self.dragger.control(session, values)

    @with_memory
    def drag(
        self,
        session: Session,
        edit: Edit | Pairs,
        search: Search | None = None,
    ) -> Iterator[DragStep]:
        """Carry out an edit; the last item's version is the best state seen.

        What is dragged is the untuned generator's face: its features and their motion are those
        that training gave it. What it becomes is painted by the tuned one. A step comes again with
        its version, which takes longer to make.

        Args:
            session: a fitted photo, and what was done to it.
            edit: in px of the photo; or (handle, target) of each drag, where all may move.
            search: how; without, as suits the model. See ``search``.

        Raises:
            EditError: there is nothing to drag; once something has moved, the drag has "diverged".
        """
        if not isinstance(edit, Edit):
            edit = Edit.between(session.subject.photo.shape[:2], edit)
        return self.dragger.drag(session, edit, search)
