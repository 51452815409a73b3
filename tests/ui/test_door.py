"""What comes over the wire is checked, whichever event or route it is sent to."""

import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import skimage.data
from browser import Server, free_port, serving
from PIL import Image
from starlette.responses import FileResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from wire import Wire, file_data

from ui.door import limits
from ui.door.middleware import Door
from ui.door.schema import WRONG
from ui.door.uploads import UNKNOWN, UPLOADS

PAGE = Path(__file__).parents[1] / "door_page.py"
SETTINGS = ["model", "axes", 10, 1, 8, 16, 1, "mean", "draggan", "quick", 1, 0.8]
NOTHING_DRAWN = {
    "serial": 0, "drags": [], "strokes": [], "kind": "face", "marks": [[0, 0]] * 3,
    "box": [0, 0, 16],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("door"), PAGE) as server:
        yield server


@pytest.fixture
def somebody(server: Server) -> Iterator[Callable[[str], Wire]]:
    """Somebody at an address; at the end nothing may have gone wrong on the server."""
    before, people = server.log.read_text(), []

    def come(address: str) -> Wire:
        people.append(Wire(server.url, address))
        return people[-1]

    yield come
    for one in people:
        one.client.close()
    said = server.log.read_text().removeprefix(before)
    assert "rror" not in said
    assert "Traceback" not in said


@pytest.fixture
def wire(somebody: Callable[[str], Wire]) -> Wire:
    return somebody("127.0.0.1")


def photo() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()[:400]).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """The address of another server, and what is asked of it."""
    asked: list[str] = []

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    other = ThreadingHTTPServer(("127.0.0.1", free_port()), Asked)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{other.server_port}/forbidden.png", asked
    other.shutdown()
    other.server_close()


@pytest.fixture
def forbidden(
    server: Server,
    wire: Wire,
    somebody: Callable[[str], Wire],
    tmp_path: Path,
    elsewhere: tuple[str, list[str]],
) -> dict[str, Any]:
    """What must not be opened, as it could be named."""
    folder = tmp_path / "forbidden"
    folder.mkdir()
    outside = folder / "forbidden.png"
    outside.write_bytes(photo())
    inside = next(server.folder.glob("dragphoto-*"))
    link, pipe = inside / "forbidden-link.png", inside / "forbidden-pipe.png"
    for old in (link, pipe):
        old.unlink(missing_ok=True)
    link.symlink_to(outside)
    os.mkfifo(pipe)
    theirs = somebody("127.0.0.2").upload("forbidden-theirs.jpg", photo())
    mine = wire.upload("mine.jpg", photo())
    return {
        "outside": file_data(str(outside)),
        "without meta": {"path": str(outside)},
        "as a text": str(outside),
        "in a list": [file_data(str(outside))],
        "by dots": file_data(f"{inside}/../../forbidden/{outside.name}"),
        "next to mine": file_data(str(Path(mine).parent / ".." / ".." / "forbidden-link.png")),
        "a link": file_data(str(link)),
        "a pipe": file_data(str(pipe)),
        "a folder": file_data(str(folder)),
        "our folder": file_data(str(inside)),
        "absent": file_data(str(folder / "absent.png")),
        "another visitor's": file_data(theirs),
        "by an address": file_data(elsewhere[0]),
        "with an address": file_data(str(outside), url=elsewhere[0]),
        "an address alone": {"url": elsewhere[0]},
        "a file address": file_data(f"file://{outside}"),
        "a long name": file_data("/forbidden" * 400),
        "no name": file_data(""),
        "a zero": file_data("/forbidden\0.png"),
        "a number": file_data(3),  # pyright: ignore[reportArgumentType]
        "nested": {"value": {"value": file_data(str(outside))}},
    }


def default_crop(kinds: list[str]) -> list[Any]:
    """What a page would send for inputs of these kinds."""
    settings = iter(SETTINGS)
    return [
        NOTHING_DRAWN if kind == "html" else None if kind in ("image", "uploadbutton")
        else "Faces (256 px)" if kind == "dropdown" else next(settings, None)
        for kind in kinds
    ]  # fmt: skip


def test_no_event_opens_what_it_should_not(
    server: Server,
    wire: Wire,
    somebody: Callable[[str], Wire],
    forbidden: dict[str, Any],
    elsewhere: tuple[str, list[str]],
) -> None:
    diary = server.folder / "diary"
    before = diary.read_text() if diary.exists() else ""
    events, tried = wire.events(), 0
    assert {"ui_1_choose", "ui_png", "fit", "drag", "render"} <= events.keys()
    for number, (name, event) in enumerate(events.items()):
        wire = somebody(f"127.0.0.{50 + number % 5}")  # there is a limit for each address
        for place in range(max(1, len(event["inputs"]))):
            for how, value in forbidden.items():
                data = default_crop(event["inputs"])
                if data:
                    data[place] = value
                else:
                    data = [value]
                said = wire.error(event["id"], data)
                assert said or how == "as a text", (name, how)
                assert len(said) < 300, (name, how)
                assert "forbidden" not in said, (name, how)
                tried += 1
        if place := len(event["inputs"]):
            assert len({wire.error(event["id"], [forbidden[how]] * place) for how in FILES}) == 1
    assert tried > 1000
    seen = diary.read_text() if diary.exists() else ""
    assert seen == before, "something was opened, listed or removed"
    assert elsewhere[1] == [], "something was fetched"


FILES = ("outside", "a link", "a pipe", "a folder", "absent", "another visitor's", "by an address")


def test_one_sentence_does_not_tell_what_exists(wire: Wire, forbidden: dict[str, Any]) -> None:
    events = wire.events()
    for name in ("ui_1_choose", "ui_16_open_file"):
        more = SETTINGS if name == "ui_1_choose" else []
        said = {wire.error(events[name]["id"], [forbidden[how], *more]) for how in FILES}
        assert said == {UNKNOWN}


def test_what_is_of_another_kind_is_refused(wire: Wire) -> None:
    events = wire.events()
    for name in ("ui_6_random", "ui_10_drag", "ui_7_use"):
        inputs = events[name]["inputs"]
        for place, kind in enumerate(inputs):
            for wrong in ({"a": 1}, [1], True, 3.5 if kind in ("radio", "dropdown") else "3"):
                if kind != "html":
                    data = default_crop(inputs)
                    data[place] = wrong
                    assert wire.error(events[name]["id"], data) == WRONG
    assert "takes 12 values, not 2" in wire.error(events["ui_6_random"]["id"], [1, 2])


def test_an_upload_is_read_by_who_sent_it_and_is_gone_then(
    somebody: Callable[[str], Wire], wire: Wire
) -> None:
    choose = wire.events()["ui_1_choose"]["id"]
    path = wire.upload("a photo.jpg", photo())
    other = somebody("127.0.0.3")
    assert other.error(choose, [file_data(path), *SETTINGS]) == UNKNOWN
    assert other.client.get(f"gradio_api/file={path}").status_code == 404
    assert wire.client.get(f"gradio_api/file={path}").content == photo()
    assert wire.event(choose, [file_data(path), *SETTINGS])[-1]["success"]
    assert not Path(path).exists()
    assert not Path(path).parent.parent.exists()
    assert wire.error(choose, [file_data(path), *SETTINGS]) == UNKNOWN


@pytest.mark.parametrize("when", ["before its size is known", "after"])
def test_a_file_that_goes_while_it_is_looked_for_is_not_there(when: str, tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(photo())
    UPLOADS.lend("testclient", file)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        size = None if when.startswith("before") else file.stat()
        file.unlink()  # as who reads it does
        await FileResponse(file, stat_result=size)(scope, receive, send)

    reply = TestClient(Door(served, {})).get(f"/gradio_api/file={file}")
    assert (reply.status_code, reply.json()["detail"]) == (404, "There is nothing here.")


def test_the_same_photo_can_be_sent_by_many_at_once(somebody: Callable[[str], Wire]) -> None:
    people = [somebody(f"127.0.0.{10 + n}") for n in range(4)]
    choose = people[0].events()["ui_1_choose"]["id"]
    right: list[bool] = []

    def use(one: Wire) -> None:
        for _ in range(10):
            path = one.upload("same.jpg", photo())
            right.append(one.event(choose, [file_data(path), *SETTINGS])[-1]["success"])

    threads = [threading.Thread(target=use, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 40


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/proxy=http://127.0.0.1:1/", "gradio_api/file=/etc/passwd", "monitoring",
        "gradio_api/file=http://127.0.0.1:1/forbidden", "gradio_api/vibe-code",
        "gradio_api/file/etc/passwd", "gradio_api/dev/reload", "gradio_api/deep_link",
        "gradio_api/stream/a/b/c/playlist.m3u8", "gradio_api/custom_component/a/b/c/d.js",
        "gradio_api/file=", "gradio_api/file=app.py", "gradio_api/run-history/buckets",
    ],
)  # fmt: skip
def test_what_the_page_has_no_use_for_is_closed(wire: Wire, path: str) -> None:
    assert wire.client.get(path).status_code == 404
    for prefix in ("component_server", "process_recording", "vibe-edit", "stream/a", "login"):
        assert wire.post(prefix, {}).status_code == 404


BODIES: dict[str, tuple[Any, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "a list": ([1], 400),
    "deep": (b'{"data":' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
    "too deep": ({"data": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}, 400),
    "a number of 400 digits": (b'{"fn_index":0,"data":[' + b"9" * 400 + b"]}", 400),
    "a number of 5000 digits": (b'{"fn_index":0,"data":[' + b"9" * 5000 + b"]}", 400),
    "infinity": (b'{"fn_index":0,"data":[Infinity]}', 400),
    "1e999": (b'{"fn_index":0,"data":[1e999]}', 400),
    "a long text": ({"fn_index": 0, "data": ["x" * 10_000]}, 413),
    "many values": ({"fn_index": 0, "data": [[1] * 200_000]}, 413),
    "18 MB": ({"fn_index": 0, "data": [[[1.5, 2.5, 3.5, 4.5]] * 900_000]}, 413),
    "50 MB": (b'{"data":["' + b"x" * 50_000_000 + b'"]}', 413),
    "no data": ({"fn_index": 0}, 400),
    "an unknown event": ({"fn_index": 999, "data": []}, 400),
    "a negative event": ({"fn_index": -1, "data": []}, 400),
    "an event by a text": ({"fn_index": "0", "data": []}, 400),
    "an event by nothing": ({"data": []}, 400),
    "a batch": ({"fn_index": 0, "data": [], "batched": True}, 400),
    "a strange session": ({"fn_index": 0, "data": [], "session_hash": "../../a"}, 400),
    "a long session": ({"fn_index": 0, "data": [], "session_hash": "a" * 100}, 400),
    "a token": ({"fn_index": 0, "data": [], "oauth_token": "a"}, 400),
    "strange event data": ({"fn_index": 0, "data": [], "event_data": [1]}, 400),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_none_gets_one_sentence(wire: Wire, name: str) -> None:
    body, status = BODIES[name]
    reply = wire.post("queue/join", body)
    assert reply.status_code == status
    assert 10 < len(reply.json()["detail"]) < 200


def test_the_page_answers_while_hostile_bodies_arrive(wire: Wire) -> None:
    body, _ = BODIES["18 MB"]
    sent = json.dumps(body).encode()
    threads = [threading.Thread(target=wire.post, args=("queue/join", sent)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert httpx.get(wire.url, timeout=120).status_code == 200
    for thread in threads:
        thread.join()


def test_uploads_are_bounded(server: Server, somebody: Callable[[str], Wire]) -> None:
    wire = somebody("127.0.0.40")
    many = [("files", (f"{n}.png", b"x")) for n in range(200)]
    assert wire.client.post("gradio_api/upload", files=many).status_code == 400
    large = {"files": ("a.png", bytes(limits.UPLOAD_BYTES + 10))}
    reply = wire.client.post("gradio_api/upload", files=large)
    assert reply.status_code == 413
    assert wire.client.post("gradio_api/upload", data={"a": "b"}).status_code == 400
    odd = {"content-type": "multipart/form-data"}
    assert wire.client.post("gradio_api/upload", content=b"x", headers=odd).status_code == 400
    paths = [wire.upload("../../forbidden.png", b"x") for _ in range(limits.UPLOADS_WAITING)]
    folder = next(server.folder.glob("dragphoto-*"))
    assert all(Path(path).is_relative_to(folder.resolve()) for path in paths)
    assert len({Path(path).parent for path in paths}) == len(paths)
    reply = wire.client.post("gradio_api/upload", files={"files": ("a.png", b"x")})
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "60")
    left = {path.parents[1] for path in folder.glob("*/*/*")}
    assert len(left & {Path(path).parents[1] for path in paths}) == len(paths)


def test_no_answer_is_guessed_at_by_browsers(wire: Wire) -> None:
    for path in ("", "gradio_api/info", "gradio_api/file=x"):
        headers = wire.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_an_address_is_believed_from_a_named_proxy_only(
    server: Server, somebody: Callable[[str], Wire]
) -> None:
    wire = somebody("127.0.0.1")
    path = wire.upload("mine.jpg", photo())
    pretended = {"x-forwarded-for": "127.0.0.1"}
    reply = somebody("127.0.0.9").client.get(f"gradio_api/file={path}", headers=pretended)
    assert reply.status_code == 404
    assert "FORWARDED_ALLOW_IPS names no proxy" in server.log.read_text()


def test_a_private_event_needs_a_tab(wire: Wire) -> None:
    reply = wire.post("run/ui_1_choose", {"data": [None]})
    assert reply.status_code == 404
    assert "queue" in reply.json()["detail"]
    reply = wire.post("call/ui_png", {"data": []})
    assert reply.status_code == 200  # a session of its own, of this one call
    assert wire.post("call/unknown", {"data": []}).status_code == 400
    assert wire.post("call/v2/render", {"seed": 1, "wrong": 2}).status_code == 400
    assert wire.post("call/v2/unknown", {}).status_code == 400
    assert wire.post("call/v2/render", {"seed": 1}).status_code == 200


@pytest.mark.parametrize("number", [None, 1.5, "1", [1], {}, 10**14, -5, True])
def test_a_version_that_is_none(wire: Wire, number: Any) -> None:
    jump = wire.events()["ui_14_jump"]["id"]
    wire.event(wire.events()["ui_0_begin"]["id"], [])
    end = wire.event(jump, [NOTHING_DRAWN], event_data={"number": number})[-1]
    assert end["success"] == (type(number) is int)


def test_a_drawing_that_is_none(wire: Wire) -> None:
    events = wire.events()
    wire.event(events["ui_0_begin"]["id"], [])
    dab = {"radius": 5, "erase": False, "points": [[9, 9]]}
    for change in (
        {"strokes": [dab | {"points": [[9, 9]] * 101}] * 200},
        {"strokes": [dab | {"radius": 1e7}]},
        {"strokes": [dab | {"points": []}]},
        {"strokes": [{}]},
        {"strokes": 3},
        {"drags": [[1, 2, 3]]},
        {"drags": [[1, 2, 3, None]]},
        {"box": [0, 0, 0]},
        {"marks": "abc"},
    ):
        drawn = NOTHING_DRAWN | {"drags": [[256, 322, 276, 314]]} | change
        said = wire.error(events["ui_10_drag"]["id"], [drawn, *SETTINGS])
        assert "cannot be read" in said or "too much paint" in said or "box" in change, change
    assert "Choose a saved session" in wire.error(events["ui_16_open_file"]["id"], [None])


@pytest.mark.parametrize(
    "drawn",
    [
        {"kind": "box", "box": [5000, 5000, 100]}, {"kind": "box", "box": [-300, -300, 100]},
        {"kind": "box", "box": [0, 0, 1e5]}, {"kind": "box", "box": [10, 10, -5]},
        {"marks": [[5000, 5000], [5040, 5000], [5020, 5050]]},
    ],
)  # fmt: skip
def test_what_lies_beside_the_photo_is_not_fitted(wire: Wire, drawn: dict[str, Any]) -> None:
    events = wire.events()
    assert wire.event(events["ui_4_astronaut"]["id"], SETTINGS)[-1]["success"]
    assert wire.event(events["ui_8_refit"]["id"], [])[-1]["success"]
    said = wire.error(events["ui_9_fit"]["id"], [NOTHING_DRAWN | drawn, *SETTINGS])
    assert "cannot be" in said or "too small" in said or "beside" in said
