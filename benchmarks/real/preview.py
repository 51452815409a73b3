"""How well the browser's preview of a drag foresees its end, and how fast it is drawn.

    python -m benchmarks.real.preview --photos FOLDER [--json out.json]

The eight drags of ``face_drags`` on the largest face of each photo: at the handles, and over the
face (mean of the 468 points of its mesh), px of 512 between what ``ui/canvas/guess.js`` draws and
where the finished drag has them; ``moved`` is how far that moved the face. Then the page itself, in
a headless Chromium that draws in software: seconds from choosing a photo's file until a pull moves
its first pixel; frames a second while a handle is pulled at each frame, alone and with the
processor slowed down four times.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import Float
from playwright.sync_api import Page, sync_playwright
from tqdm import tqdm

from editor.engine import Engine
from photo.crop import Crop
from transfer.rig import RIG_SIDE, Pose
from ui import canvas
from ui.page import preview

from ..face_drags import face_drags
from ..tables import command, table, write
from ..visitors import serving
from .photo_edits import Subject, subjects

SCRIPT = Path(canvas.__file__).with_name("guess.js")
DECODED = """(sent) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const names = ['pose', 'follow', 'near', 'outline', 'room', 'skull', 'face'];
  const floats = names.map((name) => [name, new Float32Array(bytes(sent[name]))]);
  return { ...sent, ...Object.fromEntries(floats), rows: new Uint16Array(bytes(sent.rows)) };
}"""
GUESSED = f"""([sent, drags]) => {{
  const head = ({DECODED})(sent);
  return Array.from(guessed(head, drags, new Float32Array(head.follow.length).fill(1)));
}}"""
PULLED = """async ([x, y, seconds]) => {
  const svg = document.querySelector('#canvas svg[data-part=picture]');
  const stage = document.querySelector('#canvas [data-part=preview]');
  const [first, begun] = [Number(stage.dataset.drawn || 0), performance.now()];
  for (let k = 0; performance.now() - begun < 1000 * seconds; k++) {
    const place = { clientX: x + 30 * Math.sin(k / 20), clientY: y + 10 * Math.cos(k / 15) };
    svg.dispatchEvent(new PointerEvent('pointermove', { pointerId: 1, bubbles: true, ...place }));
    await new Promise(requestAnimationFrame);
  }
  return (Number(stage.dataset.drawn) - first) / ((performance.now() - begun) / 1000);
}"""
READY = """() => document.querySelector('#status').innerText.includes('Ready: the fit')
  && !document.querySelector('#canvas svg.busy')"""
CHROMIUM = "/usr/bin/chromium"
SOFTWARE = ["--no-sandbox"]  # and where there is no GPU, as here, WebGL in software


@contextmanager
def browser_page() -> Generator[Page]:
    """A page of a headless Chromium that draws in software."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE)
        yield browser.new_page(viewport={"width": 1280, "height": 960})
        browser.close()


def held(
    points: Float[np.ndarray, "v 3"], before: Float[np.ndarray, "v 3"], handle: np.ndarray
) -> Float[np.ndarray, "2"]:
    """Where a handle on the surface ``before`` is on another one: by its three nearest points."""
    away = np.linalg.norm(before[:, :2] - handle, axis=1)
    rows = np.argsort(away)[:3]
    weight = 1 / (away[rows] + 0.5) ** 2
    return handle + (weight / weight.sum()) @ (points - before)[rows, :2]


def trials(engine: Engine, page: Page, subject: Subject) -> Iterator[dict[str, Any]]:
    """A row for each drag."""
    session = subject.session
    sent, crop = preview.head(session.subject, session.now), Crop(session.subject.quad, RIG_SIDE)
    for name, drag in face_drags(subject.face.mesh).items():
        *_, last = engine.drag(session, drag.pairs)
        assert last.version is not None
        end, start = last.version.change, session.now.change
        assert isinstance(end, Pose)
        assert isinstance(start, Pose)
        pairs = crop.from_photo(np.array(drag.pairs).reshape(-1, 2)).reshape(-1, 4)
        found = np.array(page.evaluate(GUESSED, [sent, pairs.tolist()])).reshape(-1, 3)
        foreseen, reached = (
            np.array([held(v, start.vertices, pair[:2]) for pair in pairs])
            for v in (found, end.vertices)
        )
        handles = np.linalg.norm(foreseen - reached, axis=1)
        off, moved = (apart(v, end.vertices) for v in (found, start.vertices))
        figures = {"handles": float(handles.max()), "face": off, "moved": moved}
        yield {"photo": subject.name, "edit": name, **figures}


def apart(one: Float[np.ndarray, "v 3"], other: Float[np.ndarray, "v 3"]) -> float:
    """How far the points of two faces are from each other, px."""
    return float(np.linalg.norm((one - other)[:468, :2], axis=1).mean())


def seen(photo: Path, seconds: float = 3.0) -> Iterator[tuple[str, float]]:
    """(what, how long or how often) of the page."""
    with (
        TemporaryDirectory() as folder,
        serving(["app.py"], Path(folder)) as server,
        browser_page() as page,
    ):
        page.goto(server.url)
        picture = page.locator("#canvas svg[data-part=picture]:not(.busy)")
        picture.wait_for(timeout=120_000)
        page.wait_for_timeout(2000)
        box = picture.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + 0.58 * box["height"]
        page.uncheck("#canvas [data-part=live]")
        yield "s from the file to the first moved pixel", first_moved(page, photo, (x, y))
        slow = page.context.new_cdp_session(page)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 20, y)
        for rate in (1, 4):
            slow.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            yield f"frames a second, {rate} x slower", page.evaluate(PULLED, [x, y, seconds])


def first_moved(page: Page, photo: Path, at: tuple[float, float]) -> float:
    """Seconds from choosing a photo until a pull of its face is seen."""
    begun, stage = time.monotonic(), page.locator("#canvas [data-part=preview]")
    page.set_input_files("#photo input[type=file]", photo)
    page.wait_for_function(READY, timeout=60_000)
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + 20, at[1])
    page.wait_for_function(
        "stage => Number(stage.dataset.drawn) > 0", arg=stage.element_handle(), polling=5
    )
    took = time.monotonic() - begun
    page.keyboard.press("Escape")
    page.mouse.up()
    return took


def summary(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A line for each edit, and one for all."""
    for edit in dict.fromkeys(["all", *(row["edit"] for row in rows)]):
        own = [row for row in rows if edit in ("all", row["edit"])]
        names = ("handles", "face", "moved")
        means = {name: round(float(np.mean([row[name] for row in own])), 2) for name in names}
        yield {"edit": edit, **means, "worst handle": round(max(row["handles"] for row in own), 2)}


def main() -> None:
    """Measure, print, and write down."""
    parser = command(__doc__ or "")
    parser.add_argument("--photos", type=Path, required=True, help="folder with photos of faces")
    args = parser.parse_args()
    engine, rows = Engine(args.model), list[dict[str, Any]]()
    with browser_page() as page:
        page.add_script_tag(path=SCRIPT)
        for subject in tqdm(subjects(engine, args.photos, "geometry", "rig")):
            rows += trials(engine, page, subject)
    summed = list(summary(rows))
    table(summed)
    photo = next(iter(sorted(args.photos.iterdir())))
    drawn = [{"of the page": what, "figure": figure} for what, figure in seen(photo)]
    table(drawn)
    write(args.json, {"rows": summed, "page": drawn, "each": rows})


if __name__ == "__main__":
    main()
