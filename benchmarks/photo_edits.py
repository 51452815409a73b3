"""Five drags on a real photo.

    python -m benchmarks.photo_edits --sheet docs/astronaut.jpg
    python -m benchmarks.photo_edits --fit quick balanced best --sheet fits.jpg

The photo is scikit-image's astronaut (512 x 512 px; Eileen Collins, NASA, public domain). Of each
drag: why it ended, its steps and seconds, px to go by the tracker (128 px picture), how far the
photo's pixels at the handle went towards the target by dense optical flow between the photos before
and after (px of the photo), and how many px differ outside the edited region.
On the sheet, a row of the photo's own pixels and one of the model's for each fit.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from drag import EditError
from editor.engine import Engine, faces
from editor.fitter import quality
from editor.session import Session
from editor.view import closeup, show
from inversion import BUDGETS, fit_psnr
from photo.align import face_quad
from transfer.flow import dis_flow
from transfer.warp import render

EDITS: dict[str, list[tuple[tuple[float, float], tuple[float, float]]]] = {
    "nose left": [((222, 128), (210, 128))],
    "nose right": [((222, 128), (234, 128))],
    "mouth corners": [((203, 147), (196, 141)), ((243, 147), (250, 141))],
    "lower lip": [((223, 158), (223, 167))],
    "brows": [((200, 90), (200, 82)), ((247, 92), (247, 84))],
}
HEAD = (
    "| edit | end | steps | seconds | to go | flow / drag | differ outside |\n" + "|---" * 7 + "|"
)


def moved(before: np.ndarray, after: np.ndarray, handle: np.ndarray, target: np.ndarray) -> float:
    """How far dense optical flow (DIS) sees the handle go along the drag, in px."""
    flow = dis_flow(*(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, after)))
    x, y = np.round(handle).astype(int)
    way = target - handle
    return float(flow[y, x] @ way / np.linalg.norm(way))


def edit(engine: Engine, session: Session, name: str) -> list[np.ndarray]:
    """One drag; prints its row, returns the close-ups after it."""
    begin = time.monotonic()
    *_, last = engine.drag(session, EDITS[name])
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
    made = show(subject, last.version, "generated")
    return [closeup(replace(subject, photo=photo)).photo for photo in (after, made)]


def rows(engine: Engine, session: Session) -> list[np.ndarray]:
    """The photo's close-up and those after each drag: in its own pixels, and in the model's."""
    print(HEAD)
    subject = session.subject
    start = [closeup(subject).photo] * 2
    columns = [start, *(edit(engine, session, name) for name in EDITS)]
    return [np.hstack(line) for line in zip(*columns, strict=True)]


def fit(engine: Engine, photo: np.ndarray, budget: str) -> Session:
    """Fit the photo with this budget; prints fidelity and time."""
    seen = faces(photo)
    if not seen:
        raise EditError("No face was found.")
    quad = face_quad(seen[0])
    begin = time.monotonic()
    *_, found = engine.invert(photo, quad, BUDGETS[budget])
    seconds = time.monotonic() - begin
    fidelity = fit_psnr(engine.generator, found, engine.crop(photo, quad))
    print(
        f"\nFit: {fidelity:.1f} dB, {found.steps} steps, {seconds:.1f} s, distance to the model's"
    )
    print(f"own faces {found.pivot_distance:.2f} ({quality(found)})\n")
    return engine.begin(photo, quad, found)


def main() -> None:
    """Fit, drag, print, draw."""
    parser = argparse.ArgumentParser(description="Five drags on a real photo.")
    parser.add_argument("--fit", nargs="+", choices=tuple(BUDGETS), default=["balanced"])
    parser.add_argument("--sheet", type=Path, help="write a contact sheet")
    args = parser.parse_args()
    from skimage.data import astronaut

    engine, photo = Engine(), np.asarray(astronaut())
    lines: list[np.ndarray] = []
    for budget in args.fit:
        print(f"\n## Fit: {budget}")
        lines += rows(engine, fit(engine, photo, budget))
    if args.sheet:
        sheet = Image.fromarray(np.vstack(lines))
        sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS).save(
            args.sheet, quality=90
        )


if __name__ == "__main__":
    main()
