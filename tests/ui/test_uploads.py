"""Files that may be named over the wire: by whom, how often, how long."""

import os
from pathlib import Path

import pytest

from ui.door import uploads
from ui.door.limits import RESULT_SECONDS, UPLOAD_SECONDS
from ui.door.uploads import UNKNOWN, UploadError, Uploads


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return Uploads()


def sent(here: Uploads, owner: str = "me", name: str = "a.png") -> Path:
    with here.receiving(owner) as folder:
        file = folder / name
        file.write_bytes(b"x")
        here.received(owner, folder, [file])
    return file


def refused(here: Uploads, path: object, owner: str | None = "me") -> bool:
    with pytest.raises(UploadError) as error:
        here.admit(path, owner)
    return str(error.value) == UNKNOWN


def test_a_file_is_read_once_and_goes_with_its_folder(here: Uploads, tmp_path: Path) -> None:
    file = sent(here)
    assert file.parent.stat().st_mode & 0o077 == 0
    with here.admit(str(file), "me") as path:
        assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == []
    assert refused(here, str(file))


def test_nobody_else_and_nothing_else_is_let_in(here: Uploads, tmp_path: Path) -> None:
    file = sent(here)
    assert refused(here, str(file), "you")
    for path in (
        None,
        3,
        file,
        str(tmp_path),
        str(file.parent / ".." / file.parent.name / "a.png"),
    ):
        assert refused(here, path)
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    assert refused(here, str(outside))
    file.unlink()
    file.symlink_to(outside)
    assert refused(here, str(file)), "it has become a link"
    file.unlink()
    os.mkfifo(file)
    assert refused(here, str(file)), "it has become a pipe"
    assert outside.exists()


def test_what_breaks_off_leaves_nothing(here: Uploads, tmp_path: Path) -> None:
    with here.receiving("me") as folder:
        (folder / "half").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_files_nobody_asks_for_go_in_time(here: Uploads, tmp_path: Path) -> None:
    now = uploads.time.monotonic()
    sent(here)
    result = here.result("me", ".png")
    result.write_bytes(b"y")
    for _ in range(2):
        with here.admit(str(result), "me") as path:
            assert path.read_bytes() == b"y", "a result can be asked for again"
    here.sweep(now + UPLOAD_SECONDS + 1)
    assert [path.name for path in tmp_path.glob("*/*")] == [result.name]
    here.sweep(now + RESULT_SECONDS + 1)
    assert list(tmp_path.iterdir()) == []
    assert refused(here, str(result))


def test_what_is_lent_can_be_fetched_until_it_is_gone(here: Uploads, tmp_path: Path) -> None:
    file = tmp_path / "dragphoto.mp4"
    file.write_bytes(b"z")
    here.lend("me", file)
    here.sweep()
    assert here.admit(str(file), "me").file == file
    assert refused(here, str(file), "you")
    file.unlink()
    here.sweep()
    assert refused(here, str(file))


def test_there_is_no_room_for_everything(here: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UPLOADS_WAITING", 2)
    monkeypatch.setattr(uploads, "UPLOADS_AT_ONCE", 1)
    sent(here)
    with here.receiving("me"):
        with pytest.raises(UploadError, match="Too many files of yours"), here.receiving("me"):
            pass
        with pytest.raises(UploadError, match="no room"), here.receiving("you"):
            pass
    monkeypatch.setattr(uploads, "UPLOADS_BYTES", 1)
    with pytest.raises(UploadError, match="no room"):
        here.result("you", ".png")
