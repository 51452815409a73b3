"""How well eyes and mouth are found: on held-out renders, and to be looked at on photos.

    python -m benchmarks.alignment --data DATA --photos FOLDER --sheet points.png

Errors are mean distances in % of the distance between the eyes' centres. Beside the landmark net
stands OpenCV's eye detector, which was all there was before. DATA is what
training/renderer/render.py wrote; its last 500 samples were never trained on.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float
from PIL import Image

from editor.engine import faces, landmark_net
from photo import read_photo
from photo.align import face_points, find_faces
from photo.landmarks import eyes_and_mouth
from training.data import load

from .tables import table as print_table
from .tables import write

TILE = 400  # px of a photo's face on the sheet


def errors(
    found: Float[np.ndarray, "3 2"], truth: Float[np.ndarray, "3 2"]
) -> Float[np.ndarray, " 3"]:
    """Of left eye, right eye and mouth, in % of the distance between the eyes."""
    return 100 * np.linalg.norm(found - truth, axis=1) / np.linalg.norm(truth[1] - truth[0])


def table(data: Path, count: int) -> dict[str, dict[str, float]]:
    """Mean errors of each way over held-out renders in which OpenCV sees a face."""
    held = load(data)[1]
    ways = {"landmark net": faces, "eye detector": find_faces}
    rows: dict[str, list[np.ndarray]] = {name: [] for name in ways}
    for row in range(min(count, len(held))):
        picture = np.ascontiguousarray(held.images[held.rows[row]])
        truth = eyes_and_mouth(held.landmarks[row].double().numpy())
        for name, way in ways.items():
            if seen := way(picture):
                rows[name].append(errors(seen[0], truth))
    return {name: _summary(np.stack(every)) for name, every in rows.items()}


def _summary(every: Float[np.ndarray, "n 3"]) -> dict[str, float]:
    figures = {
        "renders": len(every), "eyes %": every[:, :2].mean(), "mouth %": every[:, 2].mean(),
        "mean %": every.mean(), "median %": np.median(every),
    }  # fmt: skip
    return {name: round(float(value), 2) for name, value in figures.items()}


def sheet(photos: list[Path], file: Path) -> None:
    """All points on the largest face of each photo; eyes and mouth in red."""
    tiles = [tile for path in photos if (tile := _tile(read_photo(path))) is not None]
    Image.fromarray(np.hstack(tiles)).save(file)


def _tile(photo: np.ndarray) -> np.ndarray | None:
    seen = faces(photo)
    if not seen:
        return None
    reach = 2.2 * float(np.linalg.norm(seen[0][1] - seen[0][0]))
    scale, (x, y) = TILE / (2 * reach), seen[0].mean(0)
    shift = np.array([[scale, 0, TILE / 2 - scale * x], [0, scale, TILE / 2 - scale * y]])
    tile = cv2.warpAffine(photo, shift, (TILE, TILE), flags=cv2.INTER_AREA)
    every = face_points(photo, seen[0], landmark_net())
    marks = [((0, 255, 0), seen[0] if every is None else every), ((255, 0, 0), seen[0])]
    for colour, points in marks:
        for place in np.round(points @ shift[:, :2].T + shift[:, 2]).astype(int).tolist():
            cv2.circle(tile, place, 2, colour, -1, cv2.LINE_AA)
    return np.asarray(tile)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description="How well eyes and mouth are found.")
    parser.add_argument("--data", type=Path, help="folder written by training/renderer/render.py")
    parser.add_argument("--count", type=int, default=300, help="renders")
    parser.add_argument("--photos", type=Path, help="folder of photos")
    parser.add_argument("--sheet", type=Path, default=Path("points.png"))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.data:
        figures = table(args.data, args.count)
        print_table([{"found by": name, **row} for name, row in figures.items()])
        write(args.json, figures)
    if args.photos:
        sheet(sorted(p for p in args.photos.iterdir() if p.suffix in (".jpg", ".png")), args.sheet)


if __name__ == "__main__":
    main()
