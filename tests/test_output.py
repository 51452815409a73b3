"""Results on disk: labelled, without the photo's metadata, whole or not at all."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from editor import output
from editor.output import OutputError, check_folder, save_gif, save_png
from inversion import read_photo


def noise(seed: int = 0, side: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_a_png_holds_the_picture_exactly(picture: np.ndarray) -> None:
    with pytest.MonkeyPatch.context() as patch:
        kept: list[bytes] = []
        patch.setattr(output, "_whole", lambda file, write: kept.append(written(write)))
        save_png(picture, Path("unused"))
    assert (np.asarray(Image.open(io.BytesIO(kept[0]))) == picture).all()


def written(write) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def test_a_png_is_labelled_as_made_with_ai(tmp_path: Path) -> None:
    save_png(noise(), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        label = image.info["XML:com.adobe.xmp"]
    assert "compositeWithTrainedAlgorithmicMedia" in label
    assert "DigitalSourceType" in label


def test_nothing_of_the_photos_metadata_is_in_the_png(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x010F] = "at home in Elm Street", "Camera of Ann"
    stream = io.BytesIO()
    Image.fromarray(noise()).save(stream, "JPEG", exif=exif, comment=b"Secret remark")
    save_png(read_photo(stream.getvalue()), tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert not any(word in data for word in (b"Elm", b"Ann", b"Secret", b"eXIf"))
    with Image.open(tmp_path / "a.png") as image:
        assert set(image.info) == {"XML:com.adobe.xmp", "xmp"} or set(image.info) == {
            "XML:com.adobe.xmp"
        }


def test_a_gif_has_all_frames_and_loops(tmp_path: Path) -> None:
    save_gif([noise(seed) for seed in range(5)], tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 5
        assert image.info["loop"] == 0
        assert image.size == (80, 80)


@pytest.mark.parametrize("save", [save_png, lambda picture, file: save_gif([picture], file)])
def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch, save) -> None:
    def full_disk(self: object, file: Path, *_: object, **__: object) -> None:
        Path(file).write_bytes(b"half a pict")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(OutputError, match=r"cannot be written: No space left on device\.$"):
        save(noise(), tmp_path / "a.out")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path: Path, monkeypatch) -> None:
    save_png(noise(), tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()

    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Image.Image, "save", broken)
    with pytest.raises(OutputError):
        save_png(noise(1), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"There is no folder .*gone: make it first"):
        check_folder(tmp_path / "gone" / "a.png")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder: name a file in it"):
        check_folder(tmp_path)


def test_a_good_place_is_no_trouble(tmp_path: Path) -> None:
    check_folder(tmp_path / "a.png")
