"""An edit on a clip: how it trembles, where the truth is known, and how long a frame takes.

    python -m benchmarks.real.clips --edit edit.safetensors --photo me.jpg --sheet frames.png

A smooth camera (pan, zoom, tilt) looks at one photo: nothing in it moves, and where each of its
points is in each frame is known. The edit is applied frame by frame, as ``dragphoto apply`` does.
Its displacement of a point of the photo, in the photo's own px times the mean zoom, should be the
same in all frames. What differs from its mean over 9 frames trembles; what differs from its mean
over all drifts. Points are the rig's vertices in the photo; at rest: those that the edit moves by
less than a px.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
from jaxtyping import Float
from PIL import Image

from editor.apply import applied
from editor.clip.follow import Track, follow, track
from editor.clip.paint import Moved, moved
from editor.clip.source import Clip, open_clip
from editor.engine import default_crop
from editor.session import Session
from editor.session_file import load_session
from photo import Photo, read_photo
from photo.crop import Crop
from transfer.bend import triangles
from transfer.rig import RIG_SIDE, Vertices

from ..tables import command, table, write

RATE, FRAMES = 30, 60
SIZE = (1280, 720)
SHARE = 0.45  # of the frame's height: side of the face's crop
NOISE = 2.0  # grey levels: the camera's
HIGH_PASS = 9  # frames
COLUMNS, SHOWN = 6, 320
STILL = 1.0  # px: what moves less is at rest
Affine = Float[np.ndarray, "2 3"]


def cameras(photo: Photo, crop: Crop) -> list[Affine]:
    """From px of the photo to those of each frame."""
    middle, side = crop.quad.mean(0), crop.photo_px * crop.side
    found: list[Affine] = []
    for t in np.linspace(0, 2 * np.pi, FRAMES):
        zoom = SHARE * SIZE[1] / side * (1 + 0.12 * np.sin(t))
        tilt = np.deg2rad(4) * np.sin(0.7 * t + 1)
        turn = zoom * np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        goal = np.array(SIZE) / 2 + (90 * np.sin(t + 2), 30 * np.cos(1.3 * t))
        found.append(np.c_[turn, goal - turn @ middle])
    return found


def filmed(photo: Photo, ways: list[Affine], file: Path) -> None:
    """Write what the camera sees, with its noise, as a phone would."""
    source = np.random.default_rng(0)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for way in ways:
            seen = cv2.warpAffine(
                photo, way, SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101
            )
            noisy = seen + NOISE * source.normal(size=seen.shape)
            shown = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        container.mux(stream.encode())


def displacement(
    before: Vertices, after: Vertices, points: Float[np.ndarray, "v 2"]
) -> Float[np.ndarray, "v 2"]:
    """How far the surface moves points of a picture, where each of its vertices should be.

    Each is looked for in the triangles around its vertex.
    """
    corners = triangles(len(before))
    ends = before[corners, :2]
    edges = np.stack([ends[:, 1] - ends[:, 0], ends[:, 2] - ends[:, 0]], 2)
    safe = np.abs(np.linalg.det(edges)) > 1e-6
    inverse = np.linalg.inv(np.where(safe[:, None, None], edges, np.eye(2)))
    two = np.einsum("tij,ptj->pti", inverse, points[:, None] - ends[None, :, 0])
    shares = np.concatenate([1 - two.sum(2, keepdims=True), two], 2)
    own = (corners[None] == np.arange(len(points))[:, None, None]).any(2)
    best = np.where(own & safe, shares.min(2), -np.inf).argmax(1)
    weights = shares[np.arange(len(points)), best].clip(0)
    weights /= weights.sum(1, keepdims=True)
    return np.einsum("pk,pkd->pd", weights, (after - before)[corners[best], :2])


def displacements(
    clip: Clip, edit: Session, found: Track, ways: list[Affine], points: Float[np.ndarray, "p 2"]
) -> tuple[Float[np.ndarray, "n p 2"], list[Photo], float]:
    """(of points of the photo in each frame, as the photo has it; the frames; s of a frame)."""
    all_: list[np.ndarray] = []
    pictures: list[Photo] = []
    begin = time.perf_counter()
    spent = 0.0
    for each, way in zip(moved(edit, clip.frames(), found), ways, strict=True):
        assert isinstance(each, Moved), "A frame without a face."
        picture = each.painted().picture
        spent += time.perf_counter() - begin
        pictures.append(picture)
        crop = Crop(each.quad, RIG_SIDE)
        seen = points @ way[:, :2].T + way[:, 2]
        step = displacement(each.rig.vertices, each.pose.vertices, crop.from_photo(seen))
        all_.append(crop.motion_to_photo(step) @ np.linalg.inv(way[:, :2]).T)
        begin = time.perf_counter()
    return np.array(all_), pictures, spent / len(ways)


def tremble(steps: Float[np.ndarray, "n p 2"]) -> dict[str, float]:
    """What changes from frame to frame; and slowly."""
    half = HIGH_PASS // 2
    windows = np.lib.stride_tricks.sliding_window_view(steps, HIGH_PASS, 0).mean(-1)
    high = np.linalg.norm(steps[half:-half] - windows, axis=2)
    slow = np.linalg.norm(steps - steps.mean(0), axis=2)
    return {
        "trembles rms": float(np.sqrt(np.square(high).mean())),
        "99 %": float(np.percentile(high, 99)),
        "worst point": float(np.sqrt(np.square(high).mean(0)).max()),
        "drifts rms": float(np.sqrt(np.square(slow).mean())),
        "moved": float(np.linalg.norm(steps.mean(0), axis=1).mean()),
    }


def held(pictures: list[Photo], ways: list[Affine], crop: Crop) -> list[Photo]:
    """Around the head, as if the camera stood still."""
    own = crop.shrunk(1.4).at(SHOWN)
    to = [own.matrix @ np.linalg.inv(np.r_[way, [[0, 0, 1]]]) for way in ways]
    return [
        cv2.warpPerspective(p, m, (SHOWN, SHOWN), flags=cv2.INTER_AREA).astype(np.uint8)
        for p, m in zip(pictures, to, strict=True)
    ]


def flicker(pictures: list[Photo]) -> float:
    """Grey levels by which px differ from the mean of the frames before and after, rms."""
    all_ = np.array(pictures, np.float32)
    return float(np.sqrt(np.square(all_[1:-1] - (all_[:-2] + all_[2:]) / 2).mean()))


def sheet(pictures: list[Photo], file: Path) -> None:
    """Every third frame."""
    small = pictures[::3]
    small += [np.zeros_like(small[0])] * (-len(small) % COLUMNS)
    rows = [np.hstack(small[k : k + COLUMNS]) for k in range(0, len(small), COLUMNS)]
    Image.fromarray(np.vstack(rows)).save(file)


def looked(clip: Clip) -> tuple[Track, float]:
    """(its face, s of a frame)."""
    begin = time.perf_counter()
    faces = list(follow(clip.frames()))
    return track(faces, float(clip.rate)), (time.perf_counter() - begin) / len(faces)


def main() -> None:
    """Measure, print, write."""
    parser = command("Measure an edit on a clip.")
    parser.add_argument("--edit", type=Path, nargs="+", required=True, help="sessions")
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--sheet", type=Path, help="write frames, of the last edit")
    args = parser.parse_args()
    photo = read_photo(args.photo)
    quad = default_crop(photo, "face")
    assert quad is not None, "There is no face in this photo."
    crop = Crop(quad, RIG_SIDE)
    ways = cameras(photo, crop)
    rows: list[dict[str, object]] = []
    frames: list[dict[str, object]] = []
    pictures: list[Photo] = []
    with TemporaryDirectory() as folder:
        filmed(photo, ways, Path(folder, "clip.mp4"))
        clip = open_clip(Path(folder, "clip.mp4"))
        found, first = looked(clip)
        plain = flicker(held([frame.picture for frame in clip.frames()], ways, crop))
        for file in args.edit:
            edit = load_session(file)[0]
            rig = applied(edit, photo, quad).subject.rig
            assert rig is not None
            points = crop.to_photo(rig.vertices[:, :2])
            steps, pictures, second = displacements(clip, edit, found, ways, points)
            steps *= np.mean([np.sqrt(np.linalg.det(way[:, :2])) for way in ways])
            still = np.linalg.norm(steps.mean(0), axis=1) < STILL
            for name, own in (("at rest", still), ("moved", ~still)):
                if own.any():
                    rows.append(
                        {
                            "edit": file.stem,
                            "points": name,
                            "count": int(own.sum()),
                            **tremble(steps[:, own]),
                        }
                    )
            pictures = held(pictures, ways, crop)
            grey = {"flicker, grey levels": flicker(pictures), "unedited": plain}
            seconds = {"s a frame to look": first, "s a frame to edit": second}
            frames.append({"edit": file.stem, **seconds, **grey})
    table(rows)
    table(frames)
    write(args.json, {"rows": rows, "frames": frames})
    if args.sheet:
        sheet(pictures, args.sheet)


if __name__ == "__main__":
    main()
