"""Eight drags on every photo of a folder, judged by the face net that looks at the result.

    python -m benchmarks.real.photo_edits --photos FOLDER --json out.json --sheet out.jpg \
        --features squeezenet.pth

The drags are those of ``face_drags``, on the largest face of each photo. Of each: why it ended;
seconds of the drag with its result at the photo's own size; ``seen``, the share of the handles'
ways that the net finds done in the result; ``mesh_error``, how far its mesh of the result is from
the meant one, in distances between the eyes; ``folded``, the share of the drawn px where the map
turns over or shrinks an area more than 8 times; ``outside``, px that differ where nothing was
drawn; ``identity``, the SqueezeNet-feature distance of the face before and after (null without
--features). A face that the net does not find again is not seen at all, and has no error.

``--method flow`` moves photos by dense flow between the generator's pictures, as is done with what
has no face. The table has means over the photos; "seen, at most 1" counts no photo beyond 1.
On the sheet, two rows a photo: the photo and its results, the generator's pictures.
Renders to go with photos: ``python -m benchmarks.truth.renders``.
"""

import argparse
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float
from PIL import Image
from tqdm import tqdm

from editor.engine import Engine
from editor.session import FittedPhoto, Session, Version
from editor.view import closeup, enlarged, show, untouched
from inversion import BUDGETS
from photo import Photo, read_photo
from photo.align import face_quad
from photo.faces import Face, find_faces, nearest_face
from training.generator.losses import SqueezeFeatures

from .. import edit_judges as judges
from ..face_drags import FaceDrag, face_drags
from ..meant import Meant, meant_by
from ..tables import command, table, write

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
THUMB = 256  # px of a picture on the sheet
Method = Literal["rig", "flow"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class Row:
    """The figures of one drag on one photo, as this module's docstring explains them."""

    photo: str
    edit: str
    end: str
    seconds: float
    seen: float
    mesh_error: float | None
    folded: float
    outside: int
    identity: float | None


@dataclass(frozen=True)
class Subject:
    """A photo that is ready to drag."""

    name: str
    session: Session
    face: Face

    @property
    def middle(self) -> Float[np.ndarray, "2"]:
        """Of the face, px of the photo."""
        return self.face.mesh[:, :2].mean(0)


def subjects(engine: Engine, folder: Path, budget: str, method: Method) -> Iterator[Subject]:
    """The photos of a folder that show a face, fitted."""
    for file in sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES):
        photo = read_photo(file)
        faces = find_faces(photo)
        if not faces:
            tqdm.write(f"{file.name}: no face")
            continue
        session = engine.open(photo, face_quad(faces[0].eyes_and_mouth), budget)
        if method == "flow":
            bare = replace(session.subject, rig=None)
            session = untouched(bare, engine.dragger.seen_side)
        yield Subject(file.stem, session, faces[0])


def edit(engine: Engine, subject: Subject, drag: FaceDrag) -> tuple[str, float, Version, Photo]:
    """(why it ended, how long it took, what came of it, the photo after)."""
    begin = time.monotonic()
    *_, last = engine.drag(subject.session, drag.pairs)
    assert last.version is not None
    after = show(subject.session.subject, last.version)
    return last.state.end, round(time.monotonic() - begin, 2), last.version, after


def looked_at(
    subject: Subject, drag: FaceDrag, meant: Meant, after: Photo, features: SqueezeFeatures | None
) -> tuple[float, float | None, float | None]:
    """(seen, mesh error, identity): what the face net finds in a result."""
    fitted, mesh = subject.session.subject, subject.face.mesh
    found = nearest_face(find_faces(after), subject.middle)
    if found is None:
        return 0.0, None, None
    likeness = None
    if features is not None:
        both = (fitted.photo, after), (mesh, found.mesh)
        likeness = judges.identity(*both, fitted.quad, features)
    error = judges.mesh_error(meant.mesh, found.mesh, mesh)
    return judges.seen(mesh, found.mesh, drag), error, likeness


def thumbs(engine: Engine, fitted: FittedPhoto, version: Version, photo: Photo) -> np.ndarray:
    """A photo close up, above what the generator shows."""
    made = engine.picture(version.ws, fitted.delta)
    close = closeup(replace(fitted, photo=photo), THUMB).photo
    return np.vstack([close, enlarged(made, THUMB)])


def trials(
    engine: Engine, subject: Subject, features: SqueezeFeatures | None
) -> tuple[list[Row], np.ndarray]:
    """(a row for each drag, the lines of the sheet) of one photo."""
    fitted, rows = subject.session.subject, list[Row]()
    shown = [thumbs(engine, fitted, subject.session.now, fitted.photo)]
    for name, drag in face_drags(subject.face.mesh).items():
        end, seconds, version, after = edit(engine, subject, drag)
        meant = meant_by(fitted, version.change, subject.face.mesh)
        seen, error, likeness = looked_at(subject, drag, meant, after, features)
        folded = judges.folded(meant.places, meant.layers)
        outside = judges.outside(fitted.photo, after, meant.layers)
        figures = seen, error, folded, outside, likeness
        rows.append(Row(subject.name, name, end, seconds, *figures))
        shown.append(thumbs(engine, fitted, version, after))
    return rows, np.hstack(shown)


def summary(edit: str, rows: list[Row]) -> dict[str, object]:
    """A line of the table."""

    def mean(figures: Iterable[float | None]) -> float:
        known = [figure for figure in figures if figure is not None]
        return float(np.mean(known)) if known else float("nan")

    return {
        "edit": edit,
        "arrived": f"{sum(row.end == 'arrived' for row in rows)} of {len(rows)}",
        "seconds": mean(row.seconds for row in rows),
        "seen": mean(row.seen for row in rows),
        "seen, at most 1": mean(min(1.0, row.seen) for row in rows),
        "mesh_error": mean(row.mesh_error for row in rows),
        "folded": mean(row.folded for row in rows),
        "outside": sum(row.outside for row in rows),
        "identity": mean(row.identity for row in rows),
    }


def summaries(rows: list[Row]) -> list[dict[str, object]]:
    """A line for each edit, and one for all."""
    named = {
        name: [row for row in rows if row.edit == name]
        for name in dict.fromkeys(r.edit for r in rows)
    }
    return [summary(name, found) for name, found in {**named, "all": rows}.items()]


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = command("Eight drags on every photo of a folder.")
    parser.add_argument("--photos", type=Path, required=True, help="a folder of them")
    parser.add_argument("--method", choices=METHODS, default="rig")
    parser.add_argument("--fit", choices=tuple(BUDGETS), default="geometry")
    parser.add_argument("--features", type=Path, help="SqueezeNet 1.0 weights")
    parser.add_argument("--sheet", type=Path, help="draw the results")
    return parser.parse_args()


def main() -> None:
    """Fit, drag, write figures and sheet after each photo, print the table."""
    args = arguments()
    engine = Engine(args.model)
    features = SqueezeFeatures(args.features) if args.features else None
    rows, lines = list[Row](), list[np.ndarray]()
    for subject in tqdm(subjects(engine, args.photos, args.fit, args.method)):
        found, line = trials(engine, subject, features)
        rows, lines = rows + found, [*lines, line]
        each = [asdict(row) for row in rows]
        write(args.json, {"photos": len(lines), "rows": summaries(rows), "each": each})
        if args.sheet:
            Image.fromarray(np.vstack(lines)).save(args.sheet, quality=90)
    table(summaries(rows))


if __name__ == "__main__":
    main()
