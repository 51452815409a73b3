"""Results on disk: labelled, without the photo's metadata, whole or not at all."""

import io
from contextlib import nullcontext
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from skimage.data import astronaut

from editor import export
from editor.export import OutputError, save_gif, save_mp4, save_png
from photo import read_photo
from weights.files import check_place


def noise(seed: int = 0, side: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_a_png_holds_the_picture_exactly(picture: np.ndarray) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stream = io.BytesIO()
        patch.setattr(export, "whole", lambda file: nullcontext(stream))
        save_png(picture, Path("unused"))
    assert (np.asarray(Image.open(stream)) == picture).all()


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
        assert b"AI" in image.info["comment"]


def view(step: int) -> np.ndarray:
    """A photo with a bright spot on its way to the right."""
    picture = np.ascontiguousarray(astronaut()[:200, 120:321])
    picture[90:110, 20 + 8 * step : 40 + 8 * step] = (250, 240, 30)
    return picture


def gif_frames(file: Path) -> list[np.ndarray]:
    with Image.open(file) as image:
        assert isinstance(image, GifImageFile)
        frames: list[np.ndarray] = []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")).copy())
    return frames


def test_a_gif_looks_like_the_pictures(tmp_path: Path) -> None:
    pictures = [view(step) for step in range(16)]
    save_gif(iter(pictures), tmp_path / "a.gif")
    for picture, frame in zip(pictures, gif_frames(tmp_path / "a.gif"), strict=True):
        away = np.abs(softened(picture) - softened(frame))
        assert away.mean() < 3
        assert np.quantile(away, 0.99) < 16
    assert (tmp_path / "a.gif").stat().st_size < 0.4e6


def softened(picture: np.ndarray) -> np.ndarray:
    """As the eye sees a dithered picture."""
    return cv2.blur(picture.astype(float), (3, 3))


def test_a_gif_does_not_flicker_where_nothing_moves(tmp_path: Path) -> None:
    save_gif((view(step) for step in range(8)), tmp_path / "a.gif")
    frames = np.stack(gif_frames(tmp_path / "a.gif"))
    still = np.ones((200, 201), bool)
    still[90:110] = False
    assert (frames[:, still] == frames[:1, still]).all()


def test_a_gif_holds_what_stands_still(tmp_path: Path) -> None:
    save_gif([view(0)] * 3 + [view(1)], tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as image:
        assert image.info["duration"] == 3 * export.FRAME_MS


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 9))
def test_a_gif_has_the_size_of_its_pictures(
    tmp_path_factory, height: int, width: int, count: int
) -> None:
    file = tmp_path_factory.mktemp("g") / "a.gif"
    save_gif((noise(n, 20)[:height, :width] for n in range(count)), file)
    assert gif_frames(file)[0].shape == (height, width, 3)


def video(file: Path) -> tuple[list[np.ndarray], av.VideoCodecContext, dict[str, str], float]:
    """(pictures, codec, metadata, pictures a second)."""
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert stream.average_rate is not None
        return frames, stream.codec_context, dict(container.metadata), float(stream.average_rate)


def test_a_video_has_all_pictures_as_they_were(tmp_path: Path) -> None:
    pictures = [view(step) for step in range(16)]
    save_mp4(iter(pictures), tmp_path / "a.mp4", rate=20)
    frames, codec, metadata, rate = video(tmp_path / "a.mp4")
    assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
    assert rate == 20
    assert "AI" in metadata["comment"]
    for picture, frame in zip(pictures, frames, strict=True):
        away = np.abs(picture.astype(int) - frame[:200, :201])
        assert away.mean() < 4
        assert np.quantile(away, 0.99) < 32


def test_the_colours_of_a_video_are_those_of_the_pictures(tmp_path: Path) -> None:
    for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (20, 20, 20), (255, 255, 255)):
        save_mp4([np.full((64, 64, 3), colour, np.uint8)] * 3, tmp_path / "a.mp4")
        with av.open(str(tmp_path / "a.mp4")) as container:
            codec = container.streams.video[0].codec_context
            assert (codec.colorspace, codec.color_range) == (1, 1)
            planes = next(container.decode(video=0)).to_ndarray()  # [96 64]: Y, then U, then V
        y, u, v = planes[[0, 64, 80], 0].astype(float)
        assert np.abs(from_bt709(y, u, v) - colour).max() < 4


def from_bt709(y: float, u: float, v: float) -> np.ndarray:
    """ITU-R BT.709, limited range."""
    light, blue, red = (y - 16.0) / 219, (u - 128.0) / 224, (v - 128.0) / 224
    rgb = np.array([1.5748 * red, -0.1873 * blue - 0.4681 * red, 1.8556 * blue]) + light
    return 255 * rgb.clip(0, 1)


@given(st.integers(2, 50), st.integers(2, 50))
def test_a_video_has_even_sides(tmp_path_factory, height: int, width: int) -> None:
    file = tmp_path_factory.mktemp("v") / "a.mp4"
    save_mp4([noise(n, 50)[:height, :width] for n in range(2)], file)
    frames, *_ = video(file)
    even = height + height % 2, width + width % 2, 3
    assert [frame.shape for frame in frames] == [even] * 2


def test_a_video_plays_before_all_of_it_is_there(tmp_path: Path) -> None:
    save_mp4([noise(n) for n in range(3)], tmp_path / "a.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_video_that_is_too_large_for_the_disk_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot be written: File too large\.$"):
            save_mp4((noise(n, 256) for n in range(20)), tmp_path / "a.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_fail_leave_no_video(tmp_path: Path) -> None:
    def broken():
        yield noise()
        raise KeyboardInterrupt

    for save in (save_gif, save_mp4):
        with pytest.raises(KeyboardInterrupt):
            save(broken(), tmp_path / "a.out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("save", [save_gif, save_mp4])
def test_motion_for_a_missing_folder_is_named(tmp_path: Path, save) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        save([noise()], tmp_path / "gone" / "a.out")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"There is no folder .*gone: make it first"):
        check_place(tmp_path / "gone" / "a.png")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder: name a file in it"):
        check_place(tmp_path)


def test_a_good_place_is_no_trouble(tmp_path: Path) -> None:
    check_place(tmp_path / "a.png")
