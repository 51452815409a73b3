"""The HTTP API as programs use it: through Gradio's client, and through plain HTTP."""

import json
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import skimage.data
import torch
from browser import Server, below, serving
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from worlds import small_generator

from drag import EditError
from editor.engine import Engine
from editor.export import SOURCE_TYPE
from editor.search import LAYERS, PAPER
from editor.session import Session
from editor.view import VIEW_SIDE, Pixels, closeup, show
from inversion import LOOKS
from photo import PhotoError
from photo.crop import box_quad
from ui.api import requests
from ui.api.requests import DRAGS, MARKS, STROKES, RequestError
from ui.door.uploads import UNKNOWN
from weights.formats import Model, save

PAGE = Path(__file__).parents[1] / "api_page.py"
FACE = [[203.0, 107.0], [245.0, 107.0], [224.0, 150.0]]
NOSE = [222, 128, 236, 128]
FAULTY, LONG, MANY = 12, 13, 77  # seeds that tests/api_page.py knows


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, trusted = tmp_path_factory.mktemp("models"), {"FORWARDED_ALLOW_IPS": "127.0.0.1"}
    save(Model(small_generator(), 16, domain="animal"), folder / "pets.safetensors")
    here = tmp_path_factory.mktemp("api")
    with serving(here, PAGE, DRAGPHOTO_MODELS=str(folder), **trusted) as server:
        yield server


@pytest.fixture(scope="module")
def connect(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Client]:
    """A client at this address."""

    def connected(address: str) -> Client:
        folder = tmp_path_factory.mktemp("downloads")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Client(
                server.url, headers={"X-Forwarded-For": address}, download_files=str(folder),
                verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": 120},
            )  # fmt: skip

    return connected


@pytest.fixture(scope="module")
def client(connect: Callable[[str], Client]) -> Client:
    return connect("10.0.0.1")


@pytest.fixture(scope="module")
def astronaut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(file)
    return file


@pytest.fixture(scope="module")
def fitted(client: Client, astronaut: Path) -> tuple[str, dict[str, Any]]:
    return client.predict(handle_file(astronaut), api_name="/fit")


def eventually(true: Callable[[], object]) -> None:
    end = time.monotonic() + 300  # machines can be busy
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def files(server: Server) -> list[Path]:
    found = [path for mine in server.folder.glob("dragphoto-*") for path in below(mine)]
    return [file for file in found if file.name != ".alive" and file.is_file()]


def uploads(server: Server) -> list[Path]:
    """What visitors have sent; results of ours have a long name of their own."""
    return [file for file in files(server) if len(file.stem) != 32]


def pixels(file: str) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


def test_there_are_three_endpoints_and_they_are_documented(client: Client) -> None:
    known = client.view_api(return_format="dict", print_info=False)
    assert isinstance(known, dict)
    assert known["unnamed_endpoints"] == {}
    endpoints = known["named_endpoints"]
    assert set(endpoints) == {"/fit", "/drag", "/render"}
    asked_for = {
        name: [(p["parameter_name"], p["parameter_has_default"]) for p in endpoint["parameters"]]
        for name, endpoint in endpoints.items()
    }
    assert asked_for == {
        "/fit": [
            ("photo", False), ("eyes_and_mouth", True), ("seed", True), ("budget", True),
            ("at", True), ("model", True),
        ],
        "/drag": [
            ("session", False), ("drags", False), ("strokes", True), ("steps", True),
            ("pixels", True), ("how", True), ("model", True), ("controls", True),
        ],
        "/render": [("seed", True), ("truncation_psi", True), ("model", True)],
    }  # fmt: skip
    answers = {
        name: [answer["python_type"]["type"] for answer in endpoint["returns"]]
        for name, endpoint in endpoints.items()
    }
    told = "dict(str, float | str)"
    assert answers == {
        "/fit": ["filepath", told],
        "/drag": ["filepath", "filepath", told],
        "/render": ["filepath"],
    }
    assert all(len(endpoint["description"]) > 40 for endpoint in endpoints.values())


def test_a_photo_is_fitted_and_forgotten(
    server: Server, fitted: tuple[str, dict[str, Any]]
) -> None:
    file, told = fitted
    session, facts = Engine().reopen(Path(file))
    assert np.array_equal(session.subject.photo, skimage.data.astronaut())
    assert told.keys() == {"quality", "steps", "seconds"}
    assert told["steps"] == facts["fit_steps"] == LOOKS  # of the geometry alone
    assert told["quality"] == facts["quality"]
    assert 0 < told["seconds"] < 100
    assert uploads(server) == []


def test_a_fitted_photo_is_dragged_twice(
    client: Client, server: Server, fitted: tuple[str, dict[str, Any]]
) -> None:
    job = client.submit(handle_file(fitted[0]), [NOSE], None, 8, api_name="/drag")
    picture, after, told = job.result()
    edited, photo = pixels(picture), skimage.data.astronaut()
    assert edited.shape == photo.shape
    assert (edited != photo).any()
    assert np.array_equal(edited[300:], photo[300:])
    assert SOURCE_TYPE in Path(picture).read_bytes().decode("latin-1")
    assert told.keys() == {"steps", "px_to_go", "end", "seconds"}
    assert told["end"] == "steps"
    assert told["steps"] == 8
    assert 0 < told["px_to_go"] < 14
    progress = [told for *_, told in job.outputs()[:-1]]
    assert [told["steps"] for told in progress] == [0, 4, 8]
    again = client.predict(handle_file(after), [NOSE], steps=4, api_name="/drag")
    session, _ = Engine().reopen(Path(again[1]))
    assert len(session.past) == 2
    (((x, y), _),) = session.past[0].drawing.drags
    assert 200 < x < 312
    assert 200 < y < 400
    assert uploads(server) == []


def test_a_face_is_moved_by_name(client: Client, fitted: tuple[str, dict[str, Any]]) -> None:
    """Without a drag, and after one."""
    values = {"smile": 0.5, "turn": -8}
    picture, after, told = client.predict(
        handle_file(fitted[0]), [], controls=values, api_name="/drag"
    )
    assert told.keys() == {"seconds"}
    assert (pixels(picture) != skimage.data.astronaut()).any()
    how: dict[str, Any] = {"steps": 4, "controls": {"turn": 0}, "api_name": "/drag"}
    _, both, told = client.predict(handle_file(after), [NOSE], **how)
    assert told.keys() == {"steps", "px_to_go", "end", "seconds"}
    session, _ = Engine().reopen(Path(both))
    known = [version.controls for version in session.versions]
    assert known == [{}, values, values, {"smile": 0.5}]


def test_strokes_hold_the_rest_still(client: Client, fitted: tuple[str, dict[str, Any]]) -> None:
    around = {"radius": 30, "erase": False, "points": [[222, 128], [236, 128]]}
    within = client.predict(handle_file(fitted[0]), [NOSE], [around], 8, api_name="/drag")
    changed = (pixels(within[0]) != skimage.data.astronaut()).any(2)
    rows, columns = np.nonzero(changed)
    assert changed.any()
    assert rows.min() > 85
    assert rows.max() < 171
    assert columns.min() > 179
    assert columns.max() < 279
    bare = {key: around[key] for key in ("radius", "points")}  # not to erase is the default
    same = client.predict(handle_file(fitted[0]), [NOSE], [bare], 8, api_name="/drag")
    assert np.array_equal(pixels(same[0]), pixels(within[0]))


def test_marks_say_which_face(client: Client, astronaut: Path) -> None:
    file, _ = client.predict(handle_file(astronaut), FACE, api_name="/fit")
    quad = Engine().reopen(Path(file))[0].subject.quad
    assert np.allclose(quad, requests.quad(skimage.data.astronaut(), FACE, None, "face"))


def test_a_point_says_which_of_two_faces(client: Client, astronaut: Path) -> None:
    """It is where the first drag begins, say; without it the larger face is fitted."""
    photo = np.hstack([skimage.data.astronaut()[:300, :400], np.zeros((300, 300, 3), np.uint8)])
    photo[:, 400:] = skimage.data.astronaut()[:300, 75:375]
    photo[:60] //= 2
    file = astronaut.parent / "two.png"
    Image.fromarray(photo).save(file)
    for at in ([223.0, 125.0], [548.0, 125.0]):
        sent, _ = client.predict(handle_file(file), at=at, budget="quick", api_name="/fit")
        x, y = Engine().reopen(Path(sent))[0].subject.quad.mean(0)
        assert np.hypot(x - at[0], y - at[1]) < 40
    for bad in ([1], [1, 2, 3], ["a", 1], [-5, 10], [10, 300], [float("nan"), 1], "x", 3, {}):
        with pytest.raises(RequestError) as complaint:
            requests.quad(photo, None, bad, "face")
        assert str(complaint.value) == requests.AT


def test_a_budget_says_how_much_work_a_fit_is(client: Client, astronaut: Path) -> None:
    engine = Engine()
    for budget, steps in (("geometry", LOOKS), ("quick", 4), ("balanced", 8), ("best", 10)):
        photo = handle_file(astronaut)
        file, told = client.predict(photo, FACE, budget=budget, api_name="/fit")
        assert told["steps"] == steps
        tuned = engine.reopen(Path(file))[0].subject.delta
        assert bool(tuned) == (budget in ("balanced", "best"))


def test_an_edit_is_of_the_photos_pixels_or_of_the_models(
    client: Client, fitted: tuple[str, dict[str, Any]]
) -> None:
    own, generated = (
        client.predict(handle_file(fitted[0]), [NOSE], steps=8, pixels=whose, api_name="/drag")
        for whose in ("photo", "generated")
    )
    engine = Engine()
    sessions = [engine.reopen(Path(file))[0] for _, file, _ in (own, generated)]
    assert [bool(session.subject.delta) for session in sessions] == [False, True]
    for (picture, *_), session, whose in zip(
        (own, generated), sessions, get_args(Pixels), strict=True
    ):
        assert np.array_equal(pixels(picture), show(session.subject, session.now, whose))
    assert not np.array_equal(pixels(own[0]), pixels(generated[0]))
    assert np.array_equal(pixels(generated[0])[300:], skimage.data.astronaut()[300:])


def test_a_transparent_photo_stays_one(client: Client, astronaut: Path, tmp_path: Path) -> None:
    with Image.open(astronaut) as image:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(tmp_path / "clear.png")
        own = np.asarray(image)
    file, _ = client.predict(handle_file(tmp_path / "clear.png"), FACE, api_name="/fit")
    picture, *_ = client.predict(handle_file(file), [NOSE], steps=4, api_name="/drag")
    with Image.open(picture) as after:
        assert after.mode == "RGBA"
        assert np.array_equal(np.asarray(after)[300:], own[300:])


def test_a_drag_can_be_asked_for_as_in_the_paper(client: Client, fitted: Any) -> None:
    how = {"preset": "paper", "rate": 2, "radius": 4.5, "space": "w"}
    *_, file, told = client.predict(
        handle_file(fitted[0]), [NOSE], steps=3, how=how, api_name="/drag"
    )
    engine = Engine()
    (before, _), (after, _) = (engine.reopen(Path(each)) for each in (fitted[0], file))
    drawn = after.past[-1].drawing.edit(VIEW_SIDE)
    small = Session(closeup(before.subject), before.now)
    *_, last = engine.drag(small, drawn, PAPER.changed(2.0, "w", radius=4.5, steps=3))
    assert told["steps"] == 3
    assert torch.equal(after.now.ws, last.version.ws)
    assert torch.equal(after.now.ws[LAYERS:], before.now.ws[LAYERS:])


def test_a_face_of_the_model_is_drawn(client: Client) -> None:
    one, same, other, mean = (
        pixels(client.predict(seed, psi, api_name="/render"))
        for seed, psi in ((1, 0.8), (1, 0.8), (2, 0.8), (2, 0))
    )
    assert one.shape == (256, 256, 3)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.array_equal(one, Engine().random(1))
    assert np.array_equal(mean, Engine().random(5, 0.0))


def test_any_model_of_the_page_can_be_asked_for(client: Client, astronaut: Path) -> None:
    """By its name in the list or its file's; a session is one of the model that made it."""
    how = {"budget": "quick", "model": "pets"}
    file, _ = client.predict(handle_file(astronaut), **how, api_name="/fit")
    nose = [[240, 240, 260, 240]]
    for model in ("pets", "Pets (32 px, animal)"):
        done = client.predict(handle_file(file), nose, steps=2, model=model, api_name="/drag")
        assert done[2]["steps"] == 2
        drawn = client.predict(1, 0.8, model, api_name="/render")
        assert pixels(drawn).shape == (32, 32, 3)
    for other in (None, "faces"):
        with pytest.raises(AppError, match="made for another model: fit the photo again"):
            client.predict(handle_file(file), nose, model=other, api_name="/drag")


@pytest.mark.parametrize("name", ["lions-512", "../pets.safetensors", 7, ["pets"], "x" * 4000])
def test_the_models_there_are_are_told(client: Client, name: Any) -> None:
    with pytest.raises(AppError) as complaint:
        client.predict(1, 0.8, name, api_name="/render")
    said = str(complaint.value)
    assert said.startswith("There is no such model ")
    assert said.endswith(" here, but: Faces (256 px); Pets (32 px, animal).")
    assert len(said) < 200


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("fit", {"photo": "noise.jpg"}, "This is not a picture that can be opened"),
        ("fit", {"photo": "grey.png"}, "No face was found"),
        ("fit", {"photo": "astronaut.png", "seed": -1}, "The seed is a whole number from 0 to"),
        ("fit", {"photo": "astronaut.png", "eyes_and_mouth": [[1, 2]]}, MARKS),
        (
            "fit",
            {"photo": "astronaut.png", "budget": "most"},
            "one of: geometry, quick, balanced, best.",
        ),
        ("fit", {"photo": "astronaut.png", "budget": 3}, "The budget is one of: geometry, quick"),
        ("drag", {"session": "astronaut.png", "drags": [NOSE]}, "not a safetensors file"),
        ("drag", {"session": "", "drags": [NOSE], "pixels": "mine"}, "one of: photo, generated."),
        ("drag", {"session": "", "drags": []}, "There is nothing to drag yet"),
        ("drag", {"session": "", "drags": [[5, 500, 9, 500]]}, "Drag 1 starts outside the fitted"),
        ("drag", {"session": "", "drags": [NOSE], "steps": 10_000}, "whole number from 1 to 300"),
        ("drag", {"session": "", "drags": [NOSE], "how": {"rate": 1e9}}, "number from 0.1 to 10"),
        ("drag", {"session": "", "drags": [NOSE], "how": {"space": "z"}}, "one of: axes, w+, w"),
        ("drag", {"session": "", "drags": [NOSE], "how": {"seed": 1}}, "In how are: preset, space"),
        ("drag", {"session": "", "drags": [NOSE], "strokes": [{"radius": 3}]}, STROKES),
        ("drag", {"session": "", "drags": [], "controls": {"grin": 1}}, "There is no control grin"),
        ("drag", {"session": "", "drags": [], "controls": {"turn": 90}}, "number from -20 to 20"),
        ("drag", {"session": "", "drags": [], "controls": [1]}, "Give controls as"),
        ("render", {"truncation_psi": "x"}, "truncation_psi is a number from 0 to 2."),
        ("render", {"seed": FAULTY}, "Something went wrong (error "),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    client: Client, server: Server, astronaut: Path, fitted: Any, name: str, given: Any,
    sentence: str,
) -> None:  # fmt: skip
    (astronaut.parent / "noise.jpg").write_bytes(b"noise" * 99)
    Image.new("RGB", (200, 200), "grey").save(astronaut.parent / "grey.png")
    for key in {"photo", "session"} & given.keys():
        given = {
            **given,
            key: handle_file(astronaut.parent / given[key] if given[key] else fitted[0]),
        }
    with pytest.raises(AppError) as complaint:
        client.predict(**given, api_name=f"/{name}")
    assert sentence in str(complaint.value)
    assert "secret" not in str(complaint.value)
    assert str(server.folder) not in str(complaint.value)
    assert uploads(server) == []


def post(server: Server, name: str, *data: Any) -> list[str]:
    """The events that a call by plain HTTP gets."""
    call, kind = f"{server.url}gradio_api/call/{name}", {"content-type": "application/json"}
    ask = urllib.request.Request(call, json.dumps({"data": data}).encode(), kind)
    with urllib.request.urlopen(ask, timeout=300) as reply:
        number = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{call}/{number}", timeout=300) as reply:
        return [line for line in reply.read().decode().splitlines() if line]


def test_plain_http_will_do(server: Server) -> None:
    *_, kind, data = post(server, "render", 4, 0.8)
    assert kind == "event: complete"
    with urllib.request.urlopen(json.loads(data.removeprefix("data: "))[0]["url"]) as reply:
        assert reply.headers["content-type"] == "image/png"


def test_a_result_can_be_asked_for_again_after_it_was_used(
    server: Server, client: Client, astronaut: Path
) -> None:
    file, _ = client.predict(handle_file(astronaut), FACE, api_name="/fit")
    (there,) = (found for found in files(server) if found.name == Path(file).name)
    sent = {"path": str(there), "meta": {"_type": "gradio.FileData"}}
    for _ in range(2):
        after = client.submit(sent, [NOSE], None, 2, "photo", api_name="/drag").result()
        assert after[2]["end"] == "steps"
    assert there.read_bytes() == Path(file).read_bytes()
    *_, kind, data = post(server, "drag", sent, [NOSE], None, 2, "photo")
    assert kind == "event: error", "it belongs to another address"
    assert UNKNOWN in data


@pytest.mark.parametrize("claim", [True, False])
def test_no_file_of_the_server_can_be_read_or_deleted(
    server: Server, tmp_path: Path, claim: bool
) -> None:
    secret = tmp_path / "secret.png"
    Image.fromarray(skimage.data.astronaut()).save(secret)
    meta = {"meta": {"_type": "gradio.FileData"}} if claim else {}
    inside = next(server.folder.glob("dragphoto-*"))
    places = [str(secret), f"{inside}/../../{secret.name}", "/etc/passwd"]
    for path in places:
        *_, kind, data = post(server, "fit", {"path": path, **meta}, None, 0, "quick", None)
        assert kind == "event: error"
        assert UNKNOWN in data
        *_, kind, data = post(server, "drag", {"path": path, **meta}, [NOSE], None, 5, "photo")
        assert kind == "event: error"
    assert secret.is_file()


def test_results_are_deleted_in_time(server: Server, client: Client) -> None:
    client.predict(api_name="/render")
    assert files(server)
    assert all(file.parent.stat().st_mode & 0o777 == 0o700 for file in files(server))
    passes = server.folder / "time passes"
    passes.touch()
    try:
        eventually(lambda: not files(server))
    finally:
        passes.unlink()


def test_a_third_request_of_one_client_is_refused(
    connect: Callable[[str], Client], server: Server
) -> None:
    busy, other = connect("10.0.0.7"), connect("10.0.0.8")
    first = busy.submit(LONG, api_name="/render")
    eventually(lambda: (server.folder / "drawing").exists())
    second = busy.submit(1, api_name="/render")
    eventually(lambda: second.status().code.name == "ITERATING")
    with pytest.raises(AppError, match="Two of your requests are in progress: wait for one"):
        busy.predict(2, api_name="/render")
    waiting = other.submit(1, api_name="/render")
    eventually(lambda: waiting.status().code.name == "ITERATING")
    (server.folder / "go on").touch()
    assert Path(first.result()).is_file()
    assert np.array_equal(pixels(second.result()), pixels(waiting.result()))
    assert Path(busy.predict(2, api_name="/render")).is_file()


def test_who_leaves_takes_no_place(
    connect: Callable[[str], Client], server: Server, astronaut: Path
) -> None:
    """These fits would take an hour."""
    client = connect("10.0.0.9")
    client.predict(1, api_name="/render")
    photo = handle_file(astronaut)
    fits = [client.submit(photo, FACE, MANY, api_name="/fit") for _ in range(2)]
    eventually(lambda: fits[0].status().code.name == "ITERATING")
    eventually(lambda: fits[1].status().code.name == "ITERATING")
    for fit in fits:
        fit.cancel()
    assert Path(client.predict(1, api_name="/render")).is_file()


# What the checks of requests say, without a server.

QUAD = box_quad(100.0, 50.0, 256.0)


def test_drags_and_strokes_are_moved_to_the_canvas() -> None:
    stroke = {"radius": 8, "erase": True, "points": [[110, 60], [228, 178]]}
    drawing = requests.drawing(QUAD, [[110, 60, 228, 178]], [stroke])
    assert np.allclose(drawing.drags, [[[19.5, 19.5], [255.5, 255.5]]])
    (made,) = drawing.strokes
    assert np.allclose(made.points, [[19.5, 19.5], [255.5, 255.5]])
    assert made.radius == pytest.approx(16)
    assert made.erase


@pytest.mark.parametrize(
    "bad", [None, "a", 3, {}, [3], [[1, 2]], [[1, 2, 3, "4"]], [[1, 2, 3, None]]]
)
def test_drags_that_are_none(bad: Any) -> None:
    with pytest.raises(RequestError) as complaint:
        requests.drawing(QUAD, bad, None)
    assert str(complaint.value) == DRAGS


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e300, True, [1]])
def test_numbers_that_are_none(bad: Any) -> None:
    point = [[bad, 1]]
    for call in (
        lambda: requests.drawing(QUAD, [[bad, 60, 200, 80]], None),
        lambda: requests.drawing(QUAD, [], [{"radius": 4, "points": point}]),
        lambda: requests.drawing(QUAD, [], [{"radius": bad, "points": [[1, 1]]}]),
        lambda: requests.quad(skimage.data.astronaut(), point * 3, None, "face"),
        lambda: requests.number(bad, 0, 2, "This"),
        lambda: requests.whole(bad, 0, 2, "This"),
        lambda: requests.one_of(bad, ("one", "two"), "This"),
    ):
        with pytest.raises(RequestError):
            call()


@pytest.mark.parametrize(
    "bad",
    [
        "a", [[]], [{"radius": 4}], [{"radius": 4, "points": []}],
        [{"radius": 0, "points": [[1, 1]]}], [{"radius": 400, "points": [[1, 1]]}],
        [{"radius": 4, "points": [[1, 1]], "erase": 1}], [{"radius": 4, "points": [[1, 1, 1]]}],
    ],
)  # fmt: skip
def test_strokes_that_are_none(bad: Any) -> None:
    with pytest.raises(RequestError) as complaint:
        requests.drawing(QUAD, [[150, 100, 160, 100]], bad)
    assert str(complaint.value) == STROKES


def test_too_much_is_refused() -> None:
    point = {"radius": 4, "points": [[150, 100]]}
    with pytest.raises(RequestError, match="33 are too many: at most 32"):
        requests.drawing(QUAD, [[150, 100, 160, 100]] * 33, None)
    with pytest.raises(RequestError, match="201 are too many: at most 200"):
        requests.drawing(QUAD, [], [point] * 201)
    with pytest.raises(RequestError, match="20001 are too many"):
        requests.drawing(QUAD, [], [{"radius": 4, "points": [[150, 100]] * 20_001}])


def test_marks_have_to_be_in_the_photo_and_apart() -> None:
    photo = skimage.data.astronaut()
    with pytest.raises(RequestError) as complaint:
        requests.quad(photo, [[203, 107], [245, 107], [224, 512]], None, "face")
    assert str(complaint.value) == MARKS
    with pytest.raises(PhotoError, match="too close together"):
        requests.quad(photo, [[203, 107]] * 3, None, "face")
    assert issubclass(RequestError, EditError)


def test_models_of_other_things_than_faces_need_no_face_and_take_no_marks() -> None:
    grey = np.full((200, 300, 3), 128, np.uint8)
    with pytest.raises(PhotoError, match="No face was found"):
        requests.quad(grey, None, None, "face")
    assert np.allclose(requests.quad(grey, None, None, "square"), box_quad(49.5, -0.5, 200.0))
    with pytest.raises(RequestError, match="Eyes and mouth are for models of faces"):
        requests.quad(skimage.data.astronaut(), FACE, None, "animal")


def test_a_photo_without_a_face_is_pulled_without_a_model(
    client: Client, tmp_path: Path, fitted: tuple[str, dict[str, Any]]
) -> None:
    photo = skimage.data.rocket()
    Image.fromarray(photo).save(tmp_path / "rocket.png")
    alone: dict[str, Any] = {"model": "none", "api_name": "/drag"}
    file, told = client.predict(handle_file(tmp_path / "rocket.png"), model="none", api_name="/fit")
    assert told["steps"] == 0
    shown, after, said = client.predict(handle_file(file), [[321, 145, 350, 130]], **alone)
    assert said["end"] == "arrived"
    assert said["px_to_go"] < 1
    picture = pixels(shown)
    assert (picture != photo).any()
    assert np.array_equal(picture[:, :160], photo[:, :160])
    _, _, back = client.predict(handle_file(after), [[350, 130, 321, 145]], **alone)
    assert back["end"] == "arrived"
    with pytest.raises(AppError, match="no pixels but the photo's own"):
        client.predict(handle_file(file), [NOSE], pixels="generated", **alone)
    with pytest.raises(AppError, match="made with a model"):
        client.predict(handle_file(fitted[0]), [NOSE], **alone)
    with pytest.raises(AppError, match="nothing to draw"):
        client.predict(model="none", api_name="/render")
