"""Sessions on disk: what is written is read, and what a stranger may send is named and refused."""

import itertools
import json
import os
import stat
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor
from worlds import small_generator

from drag.edit import MOST_POINTS
from editor import session_file, session_schema
from editor.drawing import FARTHEST, MOST_STROKE_POINTS, MOST_STROKES, Drawing, Stroke
from editor.engine import Engine
from editor.session import MOST_VERSIONS, FittedPhoto, Session, SessionError, Version
from editor.session_file import load_session, save_session
from editor.view import show, untouched
from photo import NotNowError
from stylegan import Delta
from transfer.rig import Pose
from transfer.warp import Warp
from weights.files import FACES
from weights.formats import Model, read, save

EXAMPLE = Path(__file__).parents[2] / "ui/page/examples/face.safetensors"
QUAD = np.array([[1.5, 2], [1.5, 62], [61.5, 62], [61.5, 2]])
FACTS = {"fit_steps": 200, "fit_seconds": 1.5, "distance": "pixels", "setting.tune": True}


def photo(height: int = 70, width: int = 80, seed: int = 0) -> np.ndarray:
    source = np.random.default_rng(seed)
    return source.integers(0, 256, (height, width, 3), dtype=np.uint8)


def version(
    seed: int, drawing: Drawing, side: int = 8, latent: tuple[int, int] = (4, 6)
) -> Version:
    source = np.random.default_rng(seed)
    change = Warp(source.normal(size=(side, side, 2)), source.normal(size=(side, side, 4)) * 20)
    ws = torch.randn(latent, generator=torch.Generator().manual_seed(seed))
    picture = source.integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Version(ws, change, drawing, picture if seed % 2 else None)


def session(drawings: list[Drawing], now: int = 0, **parts: object) -> Session:
    """With a version for each drawing."""
    delta = Delta({"synthesis.b4.const": torch.ones(2, 4, 4).half() / 3})
    subject = FittedPhoto(photo(), QUAD, torch.linspace(-1, 1, 24).reshape(4, 6), delta)
    versions = tuple(version(n, drawing) for n, drawing in enumerate(drawings))
    every = Session(replace(subject, **parts), versions[0], (), versions[1:])
    return every.at(now)


def same(a: Session, b: Session) -> bool:
    one, other = a.subject, b.subject
    return (
        bool((one.photo == other.photo).all() and (one.quad == other.quad).all())
        and torch.equal(one.ws, other.ws)
        and one.model == other.model
        and one.delta.keys() == other.delta.keys()
        and all(torch.equal(one.delta[name], other.delta[name]) for name in one.delta)
        and len(a.past) == len(b.past)
        and len(a.versions) == len(b.versions)
        and all(same_version(x, y) for x, y in zip(a.versions, b.versions, strict=True))
    )


def same_version(a: Version, b: Version) -> bool:
    fields = [(getattr(a.change, n), getattr(b.change, n)) for n in ("flow", "overlay")]
    close = all(np.array_equal(x.astype(np.float32), y) for x, y in fields)
    return (
        close
        and torch.equal(a.ws, b.ws)
        and a.drawing == b.drawing
        and (a.picture is None) == (b.picture is None)
        and np.array_equal(a.picture, b.picture)
    )


# Plain tuples: the types of dataclasses are checked with random numbers, which Hypothesis forbids.
places = st.tuples(*[st.floats(-FARTHEST, FARTHEST)] * 2)
strokes = st.tuples(st.lists(places, min_size=1, max_size=5), st.floats(0, 200), st.booleans())
arrows = st.tuples(places, places)
drawings = st.tuples(st.lists(arrows, max_size=4), st.lists(strokes, max_size=4))


@given(st.lists(drawings, min_size=1, max_size=MOST_VERSIONS + 1), st.integers(0, 40))
def test_a_session_comes_back(tmp_path_factory, drawn: list, now: int) -> None:
    file = tmp_path_factory.mktemp("s") / "s.safetensors"
    begun = session([drawing(*parts) for parts in drawn], now)
    save_session(begun, FACTS, file)
    back, facts = load_session(file)
    assert same(begun, back)
    assert facts == FACTS


def drawing(arrows: list, strokes: list) -> Drawing:
    made = tuple(Stroke(tuple(points), radius, erase) for points, radius, erase in strokes)
    return Drawing(tuple(arrows), made)


@given(st.integers(64, 200), st.integers(64, 200), st.integers(0, 99))
def test_the_photo_comes_back_bit_by_bit(
    tmp_path_factory, height: int, width: int, seed: int
) -> None:
    file = tmp_path_factory.mktemp("s") / "s.safetensors"
    picture = photo(height, width, seed)
    save_session(session([Drawing()], photo=picture), {}, file)
    assert (load_session(file)[0].subject.photo == picture).all()


def test_what_is_read_does_not_hang_on_the_file(tmp_path: Path) -> None:
    file = tmp_path / "s.safetensors"
    begun = session([Drawing()] * 3)
    save_session(begun, FACTS, file)
    back, _ = load_session(file)
    with file.open("r+b") as stream:
        stream.write(bytes(file.stat().st_size))
    assert same(begun, back)


def test_who_finds_no_decoder_is_not_told_that_the_file_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: object) -> None:
        raise NotNowError("Many photos are being opened: try again in a minute.")

    save_session(session([Drawing()]), {}, tmp_path / "a")
    monkeypatch.setattr(session_file, "read_photo", busy)
    with pytest.raises(NotNowError, match="try again"):
        load_session(tmp_path / "a")


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save_session(session([Drawing()]), FACTS, tmp_path / "s.safetensors")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "s.safetensors").stat().st_mode) == 0o600


def test_a_smooth_photo_takes_much_less_room_than_its_pixels(tmp_path: Path) -> None:
    y, x = np.mgrid[:600, :800]
    smooth = np.stack([x // 4, y // 3, (x + y) // 7], -1).astype(np.uint8)
    save_session(session([Drawing()], photo=smooth), {}, tmp_path / "s.safetensors")
    assert (tmp_path / "s.safetensors").stat().st_size < smooth.nbytes / 4


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "s.safetensors"
    save_session(session([Drawing()]), FACTS, file)
    before = file.read_bytes()

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("weights.formats.dump", broken)
    with pytest.raises(SessionError, match="cannot be written"):
        save_session(session([Drawing()] * 2), FACTS, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


ARROW = ((1.0, 2.0), (3.0, 4.0))
UNREADABLE = {
    "a latent that is none": session([Drawing()], ws=torch.full((4, 6), torch.inf)),
    "a crop without a size": session([Drawing()], quad=np.ones((4, 2))),
    "too many versions": session([Drawing()] * (MOST_VERSIONS + 2)),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_could_not_be_read_again_is_not_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"^This session cannot be saved: [a-z, ]+\.$"):
        save_session(UNREADABLE[name], FACTS, tmp_path / "s.safetensors")
    assert list(tmp_path.iterdir()) == []


# The longest numbers, the farthest places, and as many points as are allowed in 1 to 200 strokes.
numbers = st.sampled_from(
    [
        0.0,
        FARTHEST,
        -FARTHEST,
        -1.2345678901234567e-300,
        -9876.543210987654,
        1 / 3,
    ]
)
widths = st.sampled_from([0.0, FARTHEST, 1.2345678901234567e-300, 1e-9 + 1 / 7])
splits = st.lists(st.integers(1, MOST_STROKE_POINTS - 1), max_size=MOST_STROKES - 1, unique=True)


def fullest(x: float, y: float, radius: float, cuts: list[int]) -> Drawing:
    """As much as is allowed."""
    ends = [0, *sorted(cuts), MOST_STROKE_POINTS]
    lengths = [end - start for start, end in itertools.pairwise(ends)]
    made = tuple(Stroke(((x, y),) * length, radius, False) for length in lengths)
    return Drawing((((x, y), (y, x)),) * MOST_POINTS, made)


EVEN = [n * MOST_STROKE_POINTS // MOST_STROKES for n in range(1, MOST_STROKES)]


@given(numbers, numbers, widths, splits)
@example(-1.2345678901234567e-300, -1.2345678901234567e-300, 1.2345678901234567e-300, EVEN)
@example(-FARTHEST, FARTHEST, FARTHEST, [])
@examples(8)
def test_as_much_as_is_allowed_can_be_saved(
    tmp_path_factory, x: float, y: float, radius: float, cuts: list[int]
) -> None:
    file = tmp_path_factory.mktemp("s") / "s.safetensors"
    begun = session([fullest(x, y, radius, cuts)])
    save_session(begun, FACTS, file)
    assert same(begun, load_session(file)[0])
    drawn = read(file)[1]["drawing 0"]
    assert len(json.dumps(json.loads(drawn))) < session_schema.MOST_TEXT  # with spaces in it
    text = json.dumps(drawn)
    assert len(text) * (MOST_VERSIONS + 1) < session_schema.MOST_HEADER < 100_000_000, (
        "safetensors' own"
    )


@pytest.mark.slow
def test_every_version_may_be_as_full_as_is_allowed(tmp_path: Path) -> None:
    longest = -1.2345678901234567e-300
    full = fullest(longest, longest, -longest, EVEN)
    facts = {
        f"fact {n}": "f" * session_schema.LONGEST_FACT for n in range(session_schema.MOST_FACTS)
    }
    begun = session([full] * (MOST_VERSIONS + 1), MOST_VERSIONS)
    save_session(begun, facts, tmp_path / "s.safetensors")
    with (tmp_path / "s.safetensors").open("rb") as stream:
        header = int.from_bytes(stream.read(8), "little")
    assert 0.9 * session_schema.MOST_HEADER < header < session_schema.MOST_HEADER < 100_000_000, (
        "safetensors' own"
    )
    assert same(begun, load_session(tmp_path / "s.safetensors")[0])


def test_what_could_not_be_opened_for_its_size_is_not_written(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(session_schema, "MOST_NUMBERS", 10_000)
    with pytest.raises(SessionError, match=r"^This session cannot be saved: it is too large\.$"):
        save_session(session([Drawing()]), {}, tmp_path / "s.safetensors")
    assert list(tmp_path.iterdir()) == []


Parts = tuple[dict[str, Tensor], dict[str, str]]


def one(name: str, change: Callable[[Tensor], Tensor]) -> Callable[[Parts], None]:
    """Change one of the tensors."""
    return lambda parts: parts[0].update({name: change(parts[0][name])})


def text(name: str, value: object) -> Callable[[Parts], None]:
    """Change one of the texts."""
    value = value if isinstance(value, str) else json.dumps(value)
    return lambda parts: parts[1].update({name: value})


def stroke(**parts: object) -> Callable[[Parts], None]:
    """A stroke with these parts."""
    default_crop = {"points": [[1, 2], [3, 4]], "radius": 5, "erase": False}
    return text("drawing 0", {"drags": [], "strokes": [default_crop | parts]})


def drags(value: object) -> Callable[[Parts], None]:
    return text("drawing 0", {"drags": value, "strokes": []})


def with_value(value: float) -> Callable[[Tensor], Tensor]:
    def change(tensor: Tensor) -> Tensor:
        tensor.view(-1)[-1] = value
        return tensor

    return change


def corners(*places: tuple[float, float]) -> Callable[[Parts], None]:
    return one("quad", lambda _: torch.tensor(places, dtype=torch.float64))


def raw(data: bytes) -> Callable[[Tensor], Tensor]:
    return lambda _: torch.frombuffer(bytearray(data), dtype=torch.uint8)


def png_of(height: int, width: int) -> bytes:
    """A PNG that says to have this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


STACKED = "ws", "flow", "paint", "pictures", "painted"  # one behind the other, a version each
HOSTILE: dict[str, Callable[[Parts], object]] = {
    "no photo": lambda parts: parts[0].pop("photo"),
    "no flow": lambda parts: parts[0].pop("flow"),
    "no facts": lambda parts: parts[1].pop("facts"),
    "no drawing": lambda parts: parts[1].pop("drawing 1"),
    "something else": lambda parts: parts[0].update(more=torch.zeros(3)),
    "a latent that is no number": one("ws", with_value(torch.nan)),
    "a pivot that is no number": one("pivot", with_value(torch.inf)),
    "a huge latent": one("pivot", with_value(1e30)),
    "a flow that is no number": one("flow", with_value(torch.nan)),
    "a huge flow": one("flow", with_value(-3e38)),
    "a colour that is no number": one("paint", with_value(-torch.inf)),
    "weights that are no number": one("delta.synthesis.b4.const", with_value(torch.nan)),
    "weights in full precision": one("delta.synthesis.b4.const", Tensor.float),
    "an empty weight": one("delta.synthesis.b4.const", lambda tensor: tensor[:0]),
    "a latent in double precision": one("ws", Tensor.double),
    "a latent of whole numbers": one("ws", Tensor.int),
    "one latent too few": one("ws", lambda tensor: tensor[:1]),
    "a flat flow": one("flow", lambda tensor: tensor[0]),
    "a flow of one number": one("flow", lambda _: torch.tensor(1.0)),
    "a flow that is not square": one("flow", lambda tensor: tensor[:, :, :5].contiguous()),
    "a flow of three parts": one("flow", lambda tensor: torch.cat([tensor, tensor[..., :1]], -1)),
    "colours of two parts": one("paint", lambda tensor: tensor[..., :2].contiguous()),
    "colours of another side": one("paint", lambda tensor: tensor[:, :5, :5].contiguous()),
    "colours without a share": one("paint", lambda tensor: tensor[..., :3].contiguous()),
    "no pictures": lambda parts: parts[0].pop("pictures"),
    "pictures that are not square": one("pictures", lambda tensor: tensor[:, :5].contiguous()),
    "pictures of four parts": one("pictures", lambda t: torch.cat([t, t[..., :1]], -1)),
    "pictures of other numbers": one("pictures", Tensor.float),
    "one picture too few": one("pictures", lambda tensor: tensor[:1].contiguous()),
    "no word on which were painted": lambda parts: parts[0].pop("painted"),
    "one word too few": one("painted", lambda tensor: tensor[:1].contiguous()),
    "words of other numbers": one("painted", Tensor.bool),
    "no versions": lambda parts: parts[0].update({name: parts[0][name][:0] for name in STACKED}),
    "a thousand versions": lambda parts: (
        parts[0].update(
            {
                name: parts[0][name][:1].repeat(1000, *[1] * (parts[0][name].ndim - 1))
                for name in STACKED
            }
        ),
        parts[1].update({f"drawing {n}": parts[1]["drawing 0"] for n in range(1000)}),
    ),
    "a pivot of another shape": one("pivot", lambda tensor: tensor[:3]),
    "a flat pivot": one("pivot", lambda tensor: tensor[0]),
    "three corners": one("quad", lambda tensor: tensor[:3]),
    "a corner that is no number": one("quad", with_value(torch.nan)),
    "corners in a point": corners((9, 9), (9, 9), (9, 9), (9, 9)),
    "a tiny crop": corners((9, 9), (9, 12), (12, 12), (12, 9)),
    "a huge crop": corners((-900, -900), (-900, 900), (900, 900), (900, -900)),
    "a mirrored crop": corners((60, 2), (60, 60), (2, 60), (2, 2)),
    "a crop that crosses itself": corners((2, 2), (60, 60), (2, 60), (60, 2)),
    "a crop that is not convex": corners((2, 2), (25, 25), (60, 60), (60, 2)),
    "a crop like a needle": corners((2, 2), (52, 6), (102, 6), (52, 2)),
    "a crop beside the photo": corners((-70, 2), (-70, 60), (-2, 60), (-2, 2)),
    "a crop below the photo": corners((2, 99), (2, 150), (60, 150), (60, 99)),
    "a photo that is none": one("photo", raw(b"no picture")),
    "an empty photo": one("photo", lambda tensor: tensor[:0]),
    "a photo that is a page": one("photo", raw(b"<svg onload='alert(1)'/>")),
    "a photo cut off": one("photo", lambda tensor: tensor[:-400]),
    "a photo of other numbers": one("photo", Tensor.bfloat16),
    "a huge photo": one("photo", raw(png_of(60_000, 60_000))),
    "a tiny photo": one("photo", raw(png_of(3, 3))),
    "a current version that is none": text("now", "7"),
    "a negative version": text("now", "-1"),
    "a version in words": text("now", "first"),
    "a version of many digits": text("now", "9" * 10_000),
    "facts that are a list": text("facts", [1, 2]),
    "facts that are nested": text("facts", {"a": {"b": 1}}),
    "facts that are nothing": text("facts", {"a": None}),
    "a fact that is no number": text("facts", '{"a": NaN}'),
    "a huge fact": text("facts", '{"a": 1' + "0" * 400 + "}"),
    "a long fact": text("facts", {"a": "b" * 2000}),
    "many facts": text("facts", {f"a{n}": n for n in range(1000)}),
    "facts in another language": text("facts", "a: 1"),
    "controls that are none": text("controls 0", "[]"),
    "a control that is no number": text("controls 0", {"smile": "much"}),
    "a control far beyond any": text("controls 0", {"turn": 1e3}),
    "a control without end": text("controls 0", '{"turn": NaN}'),
    "too many controls": text("controls 0", {f"control {n}": 1 for n in range(100)}),
    "a drawing that is none": text("drawing 0", "[]"),
    "a drawing that is a number": text("drawing 0", "1"),
    "a drawing without strokes": text("drawing 0", {"drags": []}),
    "a deep drawing": text("drawing 0", "[" * 200_000 + "]" * 200_000),
    "a long text": text(
        "drawing 0", " " * session_schema.MOST_TEXT + '{"drags": [], "strokes": []}'
    ),
    "a drag of one place": drags([[[1, 2]]]),
    "a drag of three places": drags([[[1, 2], [3, 4], [5, 6]]]),
    "a place of one number": drags([[[1], [2, 3]]]),
    "a place in words": drags([["ab", "cd"]]),
    "a place that is true": drags([[[True, 2], [3, 4]]]),
    "a place that is no number": drags([[[float("nan"), 2], [3, 4]]]),
    "a place that is nowhere": drags([[[float("inf"), 2], [3, 4]]]),
    "a place far away": drags([[[10**400, 2], [3, 4]]]),
    "many drags": drags([[[1, 2], [3, 4]]] * (MOST_POINTS + 1)),
    "a stroke without points": stroke(points=[]),
    "a stroke of words": stroke(points="abcdef"),
    "a stroke of a number": stroke(points=3),
    "a wide stroke": stroke(radius=1e7),
    "a stroke of negative width": stroke(radius=-1),
    "a stroke without width": stroke(radius=None),
    "a stroke that says yes": stroke(erase="yes"),
    "a long stroke": stroke(points=[[1, 2]] * (MOST_STROKE_POINTS + 1)),
    "many strokes": text(
        "drawing 0",
        {"drags": [], "strokes": [{"points": [[1, 2]], "radius": 1, "erase": False}] * 201},
    ),
}


def spoilt(folder: Path, change: Callable[[Parts], object]) -> Path:
    """A session's file after a change."""
    save_session(session([Drawing((ARROW,)), Drawing()], 1), FACTS, folder / "good.safetensors")
    parts = read(folder / "good.safetensors")
    parts = {name: tensor.clone() for name, tensor in parts[0].items()}, parts[1]
    change(parts)
    save_file(parts[0], folder / "bad.safetensors", parts[1])
    return folder / "bad.safetensors"


def test_nothing_is_wrong_with_a_file_that_is_not_spoilt(tmp_path: Path) -> None:
    assert load_session(spoilt(tmp_path, lambda parts: None))[1] == FACTS


def test_a_file_from_before_there_were_controls_opens(tmp_path: Path) -> None:
    def older(parts: Parts) -> None:
        for name in [name for name in parts[1] if name.startswith("controls")]:
            del parts[1][name]

    session, _ = load_session(spoilt(tmp_path, older))
    assert session.now.controls == {}


def test_a_drawing_with_spaces_in_it_opens(tmp_path: Path) -> None:
    back, _ = load_session(spoilt(tmp_path, stroke()))
    assert back.past[0].drawing.strokes == (Stroke(((1.0, 2.0), (3.0, 4.0)), 5.0),)


@pytest.mark.parametrize("name", HOSTILE)
def test_contents_that_do_not_fit_together_are_one_sentence(name: str, tmp_path: Path) -> None:
    file = spoilt(tmp_path, HOSTILE[name])
    sentence = r"^bad.safetensors is damaged: its contents do not fit together\.$"
    with pytest.raises(SessionError, match=sentence):
        load_session(file)


@pytest.mark.parametrize(
    "kind", ["dragphoto fit 1", "dragphoto session 0", "dragphoto session 4", "", "pickle"]
)
def test_another_kind_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="is not a session saved by DragPhoto"):
        load_session(spoilt(tmp_path, text("kind", kind)))


@pytest.mark.parametrize("kind", ["dragphoto session 1", "dragphoto session 2"])
def test_a_session_of_an_older_program_is_told_apart(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="older DragPhoto: fit its photo again"):
        load_session(spoilt(tmp_path, text("kind", kind)))


def test_poses_of_a_rig_come_back_bit_for_bit(tmp_path: Path) -> None:
    session, facts = load_session(EXAMPLE)
    assert session.subject.rig is not None
    rig, fixed = session.subject.rig, np.zeros((64, 64), bool)
    fixed[:9] = True
    pose = Pose(rig.vertices + np.pi, np.full((2, 2), 1 / 3), fixed)
    edited = session.moved(replace(session.now, change=pose))
    save_session(edited, facts, tmp_path / "rig.safetensors")
    back, _ = load_session(tmp_path / "rig.safetensors")
    assert isinstance(back.now.change, Pose)
    np.testing.assert_array_equal(back.now.change.vertices, pose.vertices)
    np.testing.assert_array_equal(back.now.change.gaze, pose.gaze)
    np.testing.assert_array_equal(back.now.change.fixed, fixed)
    assert back.past[0].change.rests(rig)
    before, after = (show(s.subject, s.now) for s in (edited, back))
    np.testing.assert_array_equal(before, after)


def test_a_model_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="is not a session saved by DragPhoto"):
        load_session(FACES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="There is no file"):
        load_session(tmp_path / "none.safetensors")


def test_a_folder_is_no_session(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(SessionError, match=r"a is a folder, not a file\.$"):
        load_session(tmp_path / "a")


@pytest.mark.parametrize("damage", [b"", b"<html>404</html>", b"\xff" * 64, bytes(64)])
def test_a_damaged_file_is_refused(damage: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bad.safetensors"
    file.write_bytes(damage)
    with pytest.raises(SessionError, match="is damaged or not a safetensors file"):
        load_session(file)


@given(st.floats(0, 0.999))
def test_a_file_cut_off_anywhere_is_refused(tmp_path_factory, share: float) -> None:
    file = tmp_path_factory.mktemp("s") / "s.safetensors"
    save_session(session([Drawing()]), FACTS, file)
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    with pytest.raises(SessionError, match="is damaged or not a safetensors file"):
        load_session(file)


@given(st.integers(0), st.binary(min_size=1, max_size=8))
def test_a_file_with_a_spot_is_read_or_refused(tmp_path_factory, where: int, spot: bytes) -> None:
    file = tmp_path_factory.mktemp("s") / "s.safetensors"
    save_session(session([Drawing((ARROW,))]), FACTS, file)
    data = bytearray(file.read_bytes())
    where %= len(data) - len(spot)
    data[where : where + len(spot)] = spot
    file.write_bytes(data)
    with suppress(SessionError):
        load_session(file)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "s.safetensors"
    save_session(session([Drawing()]), FACTS, file)
    with file.open("r+b") as stream:
        stream.truncate(session_schema.MOST_BYTES + 1)  # a hole: it takes no room
    with pytest.raises(SessionError, match="is too large for a session"):
        load_session(file)


def test_a_header_of_a_million_tensors_is_refused_unread(tmp_path: Path) -> None:
    entry = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({f"{n}": entry for n in range(20_000)}).encode()
    (tmp_path / "s.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(SessionError, match="is too large for a session"):
        load_session(tmp_path / "s.safetensors")


def test_a_bomb_of_strokes_takes_little_memory(tmp_path: Path) -> None:
    bomb = '{"drags": [], "strokes": [' + "[]," * 5_000_000 + "[]]}"
    file = spoilt(tmp_path, text("drawing 0", bomb))
    tracemalloc.start()
    try:
        with pytest.raises(SessionError, match="do not fit together"):
            load_session(file)
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    file = tmp_path_factory.mktemp("model") / "m.safetensors"
    save(Model(small_generator(), 16), file)
    return Engine(file)


def fitting(engine: Engine, **parts: object) -> Session:
    """A session that fits the engine's model but for these parts of its subject."""
    config = engine.generator.config
    ws = torch.zeros(config.num_ws, config.w_dim)
    const = engine.generator.state_dict()["synthesis.b4.const"]
    subject = FittedPhoto(photo(), QUAD, ws, Delta({"synthesis.b4.const": const.half()}))
    return untouched(replace(subject, **{"model": engine.fitter.weights, **parts}), engine.side)


def test_a_session_opens_with_its_model(engine: Engine, tmp_path: Path) -> None:
    begun = fitting(engine)
    save_session(begun, FACTS, tmp_path / "s.safetensors")
    back, facts = engine.reopen(tmp_path / "s.safetensors")
    assert same(begun, back)
    assert facts == FACTS


OTHERS = {
    "the same layers with other weights": {"model": "0" * 64},
    "other layers": {"ws": torch.zeros(3, 12)},
    "another width": {"ws": torch.zeros(8, 13)},
    "an unknown weight": {"delta": Delta({"synthesis.b4096.const": torch.ones(2).half()})},
    "a weight that is a latent": {"delta": Delta({"ws": torch.zeros(8, 12).half()})},
    "a weight of another shape": {"delta": Delta({"synthesis.b4.const": torch.ones(2).half()})},
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_session_of_another_model_is_refused(name: str, engine: Engine, tmp_path: Path) -> None:
    save_session(fitting(engine, **OTHERS[name]), FACTS, tmp_path / "s.safetensors")
    with pytest.raises(SessionError, match="made for another model: fit the photo again"):
        engine.reopen(tmp_path / "s.safetensors")


def test_a_session_of_another_side_is_refused(engine: Engine, tmp_path: Path) -> None:
    other = untouched(fitting(engine).subject, engine.side * 2)
    save_session(other, FACTS, tmp_path / "s.safetensors")
    with pytest.raises(SessionError, match="made for another model"):
        engine.reopen(tmp_path / "s.safetensors")
