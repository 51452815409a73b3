"""Eight drags on pictures of the generator itself: does it go on showing the same person?

    python -m benchmarks.keep.appearance --json out.json --sheet drags.png
    python -m benchmarks.keep.appearance --faces 6

The first face is the quick fit of the example photo, the others are random. Skin and hair before
are compared with after in Lab (D65) at places that show the same point of the neutral face, by the
coordinate head, which paints skin, hair and clothes alike: from before to after and back.

- skin: between brows and chin, without eyes and mouth;
- hair: above the hairline, or beside the head beyond the ears and above the chin. A bald head has
  its scalp there.

Only what both pictures show is compared; of the hair, "hair both" says how much that is. A turn
hides hair, which has no colour then; whether hair came or went is to be seen on the sheet.

"skin" and "hair" are distances of the mean colours of these regions, "drift" is the mean of both.
Means, since a turned head has other light and shadow on its cheeks, but no other skin. "skin px"
and "hair px" are medians over pixels, with light, shadow and errors of the correspondence in them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image

from drag import Edit, State
from editor.engine import Engine, default_crop
from editor.motion.estimators import Latents, correspondence
from inversion import BUDGETS
from photo.decoder.reading import read_photo
from transfer.correspondence import CoordinateMap, confidence_of, nearest
from transfer.flow import Picture, sample

from ..tables import command, table, write

EXAMPLE = Path(__file__).parents[2] / "ui" / "page" / "examples" / "astronaut.jpg"
SEED = 21_000_000
PARTS = {  # of the 68 points: the mean of each group is a handle
    "right eye": range(36, 42), "left eye": range(42, 48), "lip": [57], "nose": [30], "chin": [8],
    "right corner": [48], "left corner": [54], "right lid": [37, 38], "left lid": [43, 44],
    "right brow": [19], "left brow": [24], "right jaw": [4], "left jaw": [12],
}  # fmt: skip
EDITS = {  # handle: (x, y) in distances of the eyes
    "smile": {"right corner": (-0.15, -0.12), "left corner": (0.15, -0.12)},
    "mouth open": {"lip": (0, 0.35)},
    "nose left": {"nose": (-0.4, 0)},
    "nose right": {"nose": (0.4, 0)},
    "lids down": {"right lid": (0, 0.12), "left lid": (0, 0.12)},
    "brows up": {"right brow": (0, -0.2), "left brow": (0, -0.2)},
    "jaw slimmer": {"right jaw": (0.2, 0), "left jaw": (-0.2, 0)},
    "head up": {"nose": (0, -0.3), "chin": (0, -0.25)},
}
# Of the neutral face, dm: x to its left, y up.
SKIN_X, SKIN_Y = 0.5, (6.3, 7.42)
EYES, EYE = (-0.31, 7.32, 0.31, 7.32), (0.22, 0.14)  # centres, half axes
MOUTH, LIPS = (0.0, 6.63), (0.34, 0.2)
HAIRLINE, CHIN_Y, EAR_X = 8.05, 6.25, 0.9
SAME = 0.5  # confidence from which two places show the same point
EDGE = np.ones((3, 3), np.uint8)  # pixels so near to the background show some of it
Lab = Float[np.ndarray, "n 3"]
Part = Callable[[CoordinateMap], Bool[np.ndarray, "h w"]]


@dataclass(frozen=True)
class Shown:
    """What a picture shows, at the side of the coordinate head's map, in Lab."""

    lab: Float[np.ndarray, "h w 3"]
    face: CoordinateMap


def shown(picture: Picture, face: CoordinateMap) -> Shown:
    """The picture, made as small as the map of its face."""
    small = cv2.resize(picture, face.covered.shape, interpolation=cv2.INTER_AREA)
    return Shown(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), face)


def skin(face: CoordinateMap) -> Bool[np.ndarray, "h w"]:
    """Where the picture shows skin between brows and chin."""
    x, y = face.points[..., 0], face.points[..., 1]
    low, high = SKIN_Y
    inside = _inner(face) & (abs(x) < SKIN_X) & (low < y) & (y < high)
    for centre, axes in ((EYES[:2], EYE), (EYES[2:], EYE), (MOUTH, LIPS)):
        inside &= ((x - centre[0]) / axes[0]) ** 2 + ((y - centre[1]) / axes[1]) ** 2 > 1
    return inside


def hair(face: CoordinateMap) -> Bool[np.ndarray, "h w"]:
    """Where the picture shows what is above the hairline, or beyond the ears."""
    x, y = face.points[..., 0], face.points[..., 1]
    return _inner(face) & ((y > HAIRLINE) | ((abs(x) > EAR_X) & (y > CHIN_Y)))


def _inner(face: CoordinateMap) -> Bool[np.ndarray, "h w"]:
    return cv2.erode(face.covered.astype(np.uint8), EDGE) > 0


def pairs(one: Shown, other: Shown, region: Bool[np.ndarray, "h w"]) -> tuple[Lab, Lab]:
    """The colours of a region in both pictures, where both show it."""
    places, distance = nearest(one.face.points[region], other.face)
    if not len(places):
        return np.empty((0, 3)), np.empty((0, 3))
    there, kept = sample(other.lab, places[None])[0], confidence_of(distance) > SAME
    return one.lab[region][kept], there[kept]


def drift(before: Shown, after: Shown) -> dict[str, float]:
    """The figures above; nan where there is nothing to compare."""
    of_skin, of_hair = ([*_ways(before, after, part)] for part in (skin, hair))
    skin_mean, skin_px, _ = np.mean(of_skin, axis=0).tolist()
    hair_mean, hair_px, both = np.mean(of_hair, axis=0).tolist()
    of_pixels = {"skin px": skin_px, "hair px": hair_px, "hair both": both}
    means = {"drift": (skin_mean + hair_mean) / 2, "skin": skin_mean, "hair": hair_mean}
    return means | of_pixels


def _ways(before: Shown, after: Shown, part: Part) -> Iterator[tuple[float, float, float]]:
    """(distance of means, median distance, share that both show), there and back."""
    for one, other in ((before, after), (after, before)):
        region = part(one.face)
        colours = pairs(one, other, region)
        yield *distances(*colours), len(colours[0]) / max(1, int(region.sum()))


def distances(one: Lab, other: Lab) -> tuple[float, float]:
    """Of the mean colours, and the median of those of the pixels."""
    if not len(one):
        return float("nan"), float("nan")
    apart = np.linalg.norm(one - other, axis=1)
    return float(np.linalg.norm(one.mean(0) - other.mean(0))), float(np.median(apart))


def edit(engine: Engine, ws: Latents, name: str) -> Edit:
    """The drag of this name, by where the model has its landmarks."""
    marks = engine.dragger.places(ws)
    at = {part: marks[list(group)].mean(0) for part, group in PARTS.items()}
    eyes = float(np.linalg.norm(at["left eye"] - at["right eye"]))
    handles = np.array([at[part] for part in EDITS[name]])
    targets = handles + eyes * np.array(list(EDITS[name].values()))
    points = (torch.from_numpy(p).float() for p in (handles, targets))
    return Edit((engine.side, engine.side), *points)


def latents(engine: Engine, count: int) -> dict[str, Latents]:
    """Names and ws of the faces that are dragged."""
    photo = read_photo(EXAMPLE)
    quad = default_crop(photo, engine.domain)
    assert quad is not None, "There is a face in the example."
    *_, fit = engine.invert(photo, quad, BUDGETS["quick"])
    random = {f"random {k}": engine.latent(SEED + k, 0.8) for k in range(1, count)}
    return {"example": fit.ws, **random}


def rows(engine: Engine, name: str, ws: Latents) -> tuple[list[dict[str, object]], np.ndarray]:
    """Figures of each drag of a face; its picture and those after each drag, side by side."""
    found: list[dict[str, object]] = []
    pictures = [engine.picture(ws)]
    for kind in EDITS:
        state, after = dragged(engine, ws, kind)
        pictures.append(engine.picture(after))
        ended = {"face": name, "drag": kind, "end": state.end, "steps": state.step}
        found.append({**ended, **compared(engine, ws, after)})
    return found, np.hstack(pictures)


def dragged(engine: Engine, ws: Latents, kind: str) -> tuple[State, Latents]:
    """The end of one drag."""
    *_, last = engine.dragger.drag_latent(ws, edit(engine, ws, kind))
    return last


def compared(engine: Engine, before: Latents, after: Latents) -> dict[str, float]:
    """How far skin and hair went between the pictures of these ws."""
    known = correspondence(engine.model, before, engine.side)
    assert known is not None, "This model has no coordinate head."
    one, other = (shown(engine.picture(ws), known.shown(ws)) for ws in (before, after))
    return drift(one, other)


def main() -> None:
    """Drag, print the table, write the figures and the sheet."""
    parser = command("Does the generator go on showing the same person?")
    parser.add_argument("--faces", type=int, default=2)
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet")
    args = parser.parse_args()
    engine = Engine(args.model, device="cpu")
    lines, found = [], []
    for name, ws in latents(engine, args.faces).items():
        figures, line = rows(engine, name, ws)
        found, lines = found + figures, [*lines, line]
    numbers = [title for title, value in found[0].items() if not isinstance(value, str)]
    means = {title: float(np.nanmean([row[title] for row in found])) for title in numbers}
    arrived = sum(row["end"] == "arrived" for row in found)
    table([*found, {"face": "mean", "drag": "", "end": f"{arrived} of {len(found)}", **means}])
    write(args.json, {"arrived": arrived, "mean": means, "rows": found})
    if args.sheet:
        Image.fromarray(np.vstack(lines)).save(args.sheet)


if __name__ == "__main__":
    main()
