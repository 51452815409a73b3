"""What the face net sees in a photo of what each named control asks for, at both ends.

    python -m benchmarks.real.controls --photo me.jpg you.jpg --out sheets --json out.json

``seen``: of the way of the points that should move most (at least half as far as the farthest), the
share that they go. ``still``: how far those go that should not move, in hundredths of the distance
between the eyes. ``follows``: the share that the model's face goes, whose pictures are upright and
cut around the face. ``seconds`` of a control. All are means over the photos. Look at the sheets,
too: the net hardly sees lids.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from editor.controls import CONTROLS
from editor.engine import Engine
from editor.session import Session
from editor.view import show
from photo import Photo, PhotoError, read_photo
from photo.align import face_quad
from photo.crop import Crop, resized
from photo.faces import SURE
from photo.mesh import FacePoints, eyes_and_mouth
from photo.nets import aligned_points
from stylegan import to_uint8
from transfer.rig import RIG_SIDE, Pose

from ..tables import Figures, command, means, table, write
from ..time.ready_time import timed

MOST, LEAST = 0.5, 0.02  # of the farthest way: what should move, and what should not
TILE = 256  # px of a picture in a sheet


@dataclass(frozen=True)
class Moved:
    """What a control did to a photo: figures, and the head in it."""

    figures: Figures
    picture: Photo


def seen(crop: Photo) -> FacePoints:
    """The points of the face in a picture cut around it, px of RIG_SIDE.

    Raises:
        PhotoError: there is none.
    """
    points, sure = aligned_points(crop)
    if sure < SURE:
        raise PhotoError("No face was found.")
    return resized(points, len(crop), RIG_SIDE)


def upright(points: FacePoints) -> FacePoints:
    """The same in a crop around them."""
    return Crop(face_quad(eyes_and_mouth(points[:468])), RIG_SIDE).from_photo(points)


def went(asked: np.ndarray, way: np.ndarray) -> float:
    """The share of what is asked that points go."""
    return float((way * asked).sum() / max(1e-9, (asked * asked).sum()))


def trial(engine: Engine, session: Session, name: str, value: float) -> Moved:
    """One control at one value."""
    crop, rig, before = Crop(session.subject.quad, RIG_SIDE), session.subject.rig, session.now
    made, seconds = timed(lambda: engine.set(session, {name: value}))
    edited, after = show(made.subject, made.now), made.now
    assert rig is not None
    assert after.picture is not None
    start, goal = (
        np.concatenate([pose.vertices[:468, :2], pose.iris(rig, 0), pose.iris(rig, 1)])
        for pose in (before.change, after.change)
        if isinstance(pose, Pose)
    )
    photos = [seen(to_uint8(crop.cut(photo))) for photo in (session.subject.photo, edited)]
    own = [upright(seen(picture)) for picture in (engine.picture(before.ws), after.picture)]
    asked, way = goal - start, photos[1] - photos[0]
    length = np.linalg.norm(asked, axis=1)
    far, near = length > MOST * length.max(), length <= LEAST * length.max()
    rest = np.linalg.norm(way[near], axis=1) / rig.eyes
    figures = {
        "seen": went(asked[far], way[far]),
        "follows": went((upright(goal) - upright(start))[far], (own[1] - own[0])[far]),
        "still": 100 * float(rest.mean()) if near.any() else 0.0,
        "seconds": seconds,
    }
    return Moved(figures, to_uint8(Crop(session.subject.quad, TILE).cut(edited)))


def main() -> None:
    """Measure, print the table, write figures and sheets."""
    parser = command("What named controls come to.")
    parser.add_argument("--photo", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, help="folder for a sheet of each control")
    args = parser.parse_args()
    engine, rows = Engine(args.model), list[dict[str, object]]()
    sessions = [engine.open(read_photo(file)) for file in args.photo]
    ends = [(n, end) for n, c in CONTROLS.items() for end in (c.least, c.most) if end]
    for name, end in tqdm(ends):
        found = [trial(engine, session, name, end) for session in sessions]
        rows.append({"control": name, "value": end, **means([one.figures for one in found], 2)})
        if args.out:
            args.out.mkdir(exist_ok=True)
            sheet = np.concatenate([one.picture for one in found], 1)
            Image.fromarray(sheet).save(args.out / f"{name} {end:g}.png")
    table(rows)
    write(args.json, {"photos": len(sessions), "rows": rows})


if __name__ == "__main__":
    main()
