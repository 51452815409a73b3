"""``dragphoto bench``: five drags on somebody's own photo and machine, timed; a sheet of them."""

import argparse
import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from math import atan2, degrees, hypot
from statistics import median
from typing import Any

import torch

from editor.elastic import NONE, Elastic
from editor.engine import Engine, Pairs, faces
from editor.export import result, save_jpeg, save_png
from editor.machine.cores import cores
from editor.machine.memory import peak, total
from editor.session import FittedPhoto, Session, Version
from editor.sheet import TILE, Drawn, sheet, tile
from editor.view import closeup, show
from inversion import BUDGETS
from photo import Sent
from photo.align import face_quad
from photo.faces import Face
from photo.mesh import LEFT_CORNERS, RIGHT_CORNERS, Mesh, eye_distance

from .bench_report import Known, Seen, Trial, lines
from .commands import engine_for, stoppable
from .progress import bar
from .samples import anywhere, on_face

FRAMES = 5  # pictures on the canvas, of which the median counts
FLAT = 0.63  # of a face's depth is in its mesh: one that turns by 20 degrees seems to by 13
SLIDER = {"smile": 0.6}


@dataclass(frozen=True)
class Bench:
    """Measures; what is known is added as soon as it is."""

    known: Known
    shown: Any  # a bar

    @contextmanager
    def timed(self, name: str) -> Generator[None]:
        """Around what takes the seconds of this name; what is stopped has none."""
        self.shown.set_postfix_str(name)
        begin = time.monotonic()
        yield
        self.known.seconds[name] = time.monotonic() - begin
        self.shown.update()

    def run(self, args: argparse.Namespace) -> None:
        """All of it, in about the order in which a person meets it."""
        known, photo = self.known, args.photo
        with self.timed("model"):
            engine = engine_for(args)
        face = self.face(engine, photo)
        if known.looked and face is None:
            engine = Elastic()
        known.machine["device"] = _device(engine)
        known.model = args.model.stem if isinstance(engine, Engine) else NONE
        quad = None if face is None else face_quad(face.eyes_and_mouth)
        with self.timed("fit"):
            session = engine.open(photo, quad)
        pulls = anywhere(session.subject.quad) if face is None else on_face(face.mesh)
        known.tiles.append(_tile(session.subject))
        self.drags(engine, session, pulls)
        self.others(engine, session, args.model_pixels)
        known.done, self.shown.total = True, self.shown.n

    def face(self, engine: Engine | Elastic, photo: Sent) -> Face | None:
        """The largest of a photo, if this model is of faces."""
        if engine.domain != "face":
            return None
        with self.timed("find"):
            found = faces(photo)
        self.known.looked = True
        if not found:
            return None
        mesh, size = found[0].mesh, round(found[0].size)
        self.known.face = Seen(len(found), size, round(eye_distance(mesh)), round(turned(mesh)))
        return found[0]

    def drags(self, engine: Engine | Elastic, session: Session, pulls: dict[str, Pairs]) -> None:
        """Each of them on the photo as it was."""
        subject = session.subject
        for name, pairs in pulls.items():
            self.shown.set_postfix_str(name)
            trial, version, after = _trial(engine, session, name, pairs)
            if "frame" not in self.known.seconds:
                self.known.seconds["frame"] = _frame(subject, version)
            self.known.trials.append(trial)
            self.known.tiles.append(_tile(subject.on(after)))
            self.shown.update()

    def others(self, engine: Engine | Elastic, session: Session, pixels: bool) -> None:
        """A slider of a face; the fit that only the model's own pixels need."""
        subject = session.subject
        if subject.rig is not None:
            with self.timed("slider"):
                engine.set(session, SLIDER)
        if pixels and isinstance(engine, Engine):
            with self.timed("quick"):
                for _ in engine.invert(subject.photo, subject.quad, BUDGETS["quick"]):
                    pass


def run_bench(args: argparse.Namespace) -> None:
    """Print a table, write a sheet and the figures; Ctrl-C keeps what is known."""
    photo, seconds = args.photo, {"torch": time.monotonic() - args.prepared}
    seconds["read"] = args.photo_seconds
    known = Known(_machine(), photo.shape[:2], seconds)
    with stoppable("table") as found, bar(desc="bench", total=9 + args.model_pixels) as shown:
        found.append(known)
        Bench(known, shown).run(args)
    most = peak()
    known.memory = None if most is None else round(most / 1e6)
    print("\n".join(lines(known)))
    if known.trials:
        save = save_png if args.out.suffix.lower() == ".png" else save_jpeg
        save(sheet(known.tiles, known.captions), args.out)
    if args.figures is not None:
        with result(args.figures) as part:
            part.write(json.dumps(known.figures).encode())


def turned(mesh: Mesh) -> float:
    """Degrees by which a face looks to a side, about."""
    left, right = (mesh[list(corners)].mean(0) for corners in (LEFT_CORNERS, RIGHT_CORNERS))
    across, down, away = (right - left).tolist()
    return degrees(atan2(away / FLAT, hypot(across, down)))


def _trial(
    engine: Engine | Elastic, session: Session, name: str, pairs: Pairs
) -> tuple[Trial, Version, Sent]:
    """(the figures of a drag, what came of it, the photo after)."""
    begin, first, last = time.monotonic(), None, None
    for last in engine.drag(session, pairs):
        if first is None and last.version is not None:
            first = time.monotonic() - begin
    assert last is not None
    assert last.version is not None
    assert first is not None
    seconds, state = time.monotonic() - begin, last.state
    after = show(session.subject, last.version)
    took = first, seconds, time.monotonic() - begin - seconds
    left = round(float(state.distances.mean()), 1)
    trial = Trial(name, state.end, state.step, left, *(round(each, 3) for each in took))
    return trial, last.version, after


def _frame(subject: FittedPhoto, version: Version) -> float:
    small, took = closeup(subject), list[float]()
    for _ in range(FRAMES):
        begin = time.monotonic()
        show(small, version)
        took.append(time.monotonic() - begin)
    return median(took)


def _tile(subject: FittedPhoto) -> Drawn:
    """What is fitted; without a model nothing is, and all of the photo may move."""
    return tile(subject.photo) if subject.model == NONE else closeup(subject, TILE).photo


def _machine() -> dict[str, object]:
    memory = total()
    known: dict[str, object] = {"cores": cores(), "threads": torch.get_num_threads()}
    return known if memory is None else known | {"memory": f"{memory / 1e9:.1f} GB"}


def _device(engine: Engine | Elastic) -> str:
    """What computes, by name."""
    device = engine.device if isinstance(engine, Engine) else torch.device("cpu")
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
