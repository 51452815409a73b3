"""Five drags on a real photo, with the generator tuned in four ways.

    python -m benchmarks.photo_edits --sheet docs/astronaut.jpg
    python -m benchmarks.photo_edits --compare --sheet tuning.jpg

The photo is scikit-image's astronaut (512 x 512 px; Eileen Collins, NASA, public domain). Of each
drag: why it ended, its steps and seconds, px to go by the tracker (128 px picture), how far the
photo's pixels at the handle went towards the target by dense optical flow between the photos before
and after (px of the photo), and how many px differ outside the edited region.
``--compare`` does so for generators tuned on the photo in four ways; the first is the default.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from drag import Edit, EditError
from editor.engine import DRAG_OPTIONS, INVERT_OPTIONS, TUNED_OPTIONS, Engine, closeup
from editor.faces import faces
from editor.session import Session
from inversion import TuneOptions, face_quad, psnr
from inversion.flow import dis
from inversion.transfer import render

EDITS: dict[str, list[tuple[tuple[float, float], tuple[float, float]]]] = {
    "nose left": [((222, 128), (210, 128))],
    "nose right": [((222, 128), (234, 128))],
    "mouth corners": [((203, 147), (196, 141)), ((243, 147), (250, 141))],
    "lower lip": [((223, 158), (223, 167))],
    "brows": [((200, 90), (200, 82)), ((247, 92), (247, 84))],
}
WAYS = {
    "not at all": TuneOptions(steps=0),
    "lightly": TuneOptions(steps=20, rate=1e-3),
    "above the 32 px block": TuneOptions(steps=150, rate=5e-3, above=32),
    "everything": TUNED_OPTIONS.tune,
}
HEAD = (
    "| edit | end | steps | seconds | to go | flow / drag | differ outside |\n" + "|---" * 7 + "|"
)


def moved(before: np.ndarray, after: np.ndarray, handle: np.ndarray, target: np.ndarray) -> float:
    """How far dense optical flow (DIS) sees the handle go along the drag, in px."""
    flow = dis(*(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, after)))
    x, y = np.round(handle).astype(int)
    way = target - handle
    return float(flow[y, x] @ way / np.linalg.norm(way))


def edit(engine: Engine, session: Session, name: str) -> np.ndarray:
    """One drag; prints its row, returns the close-up after it."""
    begin = time.monotonic()
    size = session.subject.photo.shape[:2]
    *_, last = engine.drag(session, Edit.between(size, EDITS[name]), DRAG_OPTIONS)
    seconds = time.monotonic() - begin
    assert last.version is not None
    photo, subject = session.subject.photo, session.subject
    after, edited = render(photo, subject.quad, last.version.change)
    points = np.array(EDITS[name], float)
    flows = [moved(photo, after, *pair) / np.linalg.norm(pair[1] - pair[0]) for pair in points]
    away = ", ".join(f"{float(d):.1f}" for d in last.state.distances)
    share = ", ".join(f"{flow:.2f}" for flow in flows)
    outside = int(((after != photo).any(2) & ~edited).sum())
    print(
        f"| {name} | {last.state.end} | {last.state.step} | {seconds:.1f} | {away} | {share} "
        f"| {outside} |",
        flush=True,
    )
    return closeup(replace(subject, photo=after)).photo


def row(engine: Engine, session: Session) -> np.ndarray:
    """The photo's close-up and those after each drag."""
    print(HEAD)
    return np.hstack([closeup(session.subject).photo, *(edit(engine, session, e) for e in EDITS)])


def fit(engine: Engine, photo: np.ndarray, tuning: TuneOptions) -> Session:
    """Fit the photo with this tuning; prints fidelity and time."""
    seen = faces(photo)
    if not seen:
        raise EditError("No face was found.")
    quad = face_quad(seen[0])
    begin = time.monotonic()
    *_, found = engine.invert(photo, quad, replace(INVERT_OPTIONS, tune=tuning))
    seconds = time.monotonic() - begin
    fidelity = psnr(engine.generator, found, engine.crop(photo, quad))
    print(
        f"\nFit: {fidelity:.1f} dB, {found.steps} steps, {seconds:.1f} s, distance to the model's"
    )
    print(f"own faces {found.pivot_distance:.2f} ({engine.quality(found)})\n")
    return engine.begin(photo, quad, found)


def main() -> None:
    """Fit, drag, print, draw."""
    parser = argparse.ArgumentParser(description="Five drags on a real photo.")
    parser.add_argument("--compare", action="store_true", help="drag inside tuned generators")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet")
    args = parser.parse_args()
    from skimage.data import astronaut

    engine, photo = Engine(), np.asarray(astronaut())
    lines: list[np.ndarray] = []
    if args.compare:
        for name, tuning in WAYS.items():
            print(f"\n## Tuned: {name}")
            lines.append(row(engine, fit(engine, photo, tuning)))
    else:
        lines.append(row(engine, fit(engine, photo, INVERT_OPTIONS.tune)))
    if args.sheet:
        sheet = Image.fromarray(np.vstack(lines))
        sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS).save(
            args.sheet, quality=90
        )


if __name__ == "__main__":
    main()
