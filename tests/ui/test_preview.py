"""The preview of a drag: what the browser shows while a handle is pulled."""

import io
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from browser import pull
from canvas_orders import send, show
from PIL import Image
from playwright.sync_api import Page, expect

from benchmarks.real.preview import DECODED, GUESSED, SCRIPT, held
from transfer.handles import with_handles
from transfer.rig import Pose, Rig, Similarity, carried
from ui.page import handlers, preview

pytestmark = pytest.mark.browser
STAGE = "#canvas [data-part=preview]"
NO_WEBGL = """const own = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === 'webgl' ? null : own.call(this, kind, ...rest);
};"""

NAMES = "{ guessed, anchor, shifts, coordinates }"
SHIFTED = f"""([sent, drags]) => {{
  const head = ({DECODED})(sent);
  const anchors = drags.map((drag) => anchor(head, drag));
  const wanted = drags.map(([hx, hy, tx, ty]) => [tx - hx, ty - hy]);
  const both = shifts(head, coordinates(head, anchors, wanted)).map((shift) => shift.slice());
  return both.map((shift) => Array.from(shift));
}}"""
FEATURES = {  # (rows of the mesh, the way of each, distances between the eyes)
    "nose": ([1], [(0.3, 0.0)]),
    "brow and cheek": ([105, 50], [(0.0, -0.1), (0.1, 0.0)]),
    "mouth that opens": ([13, 14, 152], [(0.0, -0.03), (0.0, 0.2), (0.0, 0.15)]),
    "chin against the lips": ([13, 14, 152], [(0.0, -0.03), (0.0, 0.2), (0.4, -0.3)]),
    "smile": ([61, 291], [(-0.12, -0.1), (0.12, -0.1)]),
}


@pytest.fixture(scope="module")
def head() -> dict[str, Any]:
    session = handlers.fresh().session
    return preview.head(session.subject, session.now)


def rigged() -> tuple[Rig, Pose]:
    """The ready face's rig, and its pose."""
    session = handlers.fresh().session
    rig, pose = session.subject.rig, session.now.change
    assert rig is not None
    assert isinstance(pose, Pose)
    return rig, pose


def solving(canvas: Callable[..., Page]) -> Page:
    """A page whose console knows how the preview is solved."""
    page = canvas()
    page.evaluate(f"() => {{ {SCRIPT.read_text('utf-8')}; Object.assign(window, {NAMES}); }}")
    return page


def photo() -> np.ndarray:
    return handlers.fresh().frame(handlers.fresh().session.now)


def seen(page: Page) -> np.ndarray:
    """What is on the stage, once it stands still, without the arrow."""
    page.wait_for_timeout(400)
    page.locator("#canvas [data-part=marks]").evaluate("marks => (marks.style.display = 'none')")
    shot = page.locator("#canvas svg[data-part=picture]").screenshot()
    levels = np.array(Image.open(io.BytesIO(shot)).convert("RGB").resize((512, 512))).astype(int)
    levels[:12] = levels[-12:] = levels[:, :12] = levels[:, -12:] = 0  # the ring of the focus
    return levels


def begun(page: Page, sent: dict[str, Any]) -> np.ndarray:
    """The ready face, which can be pulled; what is seen of it."""
    show(page, photo(), preview=sent)
    before = seen(page)
    expect(page.locator(STAGE)).to_have_attribute("data-shown", "false")
    return before


def changes(page: Page, before: np.ndarray) -> np.ndarray:
    """Where a pull of the nose changes the picture [h w]; undone again."""
    pull(page, (256, 290), (286, 290))
    expect(page.locator(STAGE)).to_have_attribute("data-shown", "true")
    moved = np.abs(seen(page) - before).max(2) > 24
    page.keyboard.press("Control+z")
    expect(page.locator(STAGE)).to_have_attribute("data-shown", "false")
    assert np.abs(seen(page) - before).max() < 24
    return moved


def test_the_head_follows_the_finger_and_comes_back(
    canvas: Callable[..., Page], head: dict[str, Any]
) -> None:
    page = canvas()
    moved = changes(page, begun(page, head))
    assert moved[230:330, 200:330].mean() > 0.1
    assert moved.mean() > 0.04
    assert moved[:, :40].mean() < 0.01  # background


def test_without_webgl_it_is_drawn_flat(canvas: Callable[..., Page], head: dict[str, Any]) -> None:
    page = canvas()
    page.evaluate(f"() => {{ {NO_WEBGL} }}")
    moved = changes(page, begun(page, head))
    assert moved[230:330, 200:330].mean() > 0.1
    assert moved[:, :40].mean() < 0.01


def test_what_has_no_face_bends_near_the_arrow(canvas: Callable[..., Page]) -> None:
    page = canvas()
    moved = changes(page, begun(page, {"side": 512, "reach": 60.0}))
    assert moved[250:330, 210:300].mean() > 0.05
    assert not moved[:200].any()
    assert not moved[400:].any()


def test_what_is_shown_stays_until_the_drag_is_done(
    canvas: Callable[..., Page], head: dict[str, Any]
) -> None:
    page = canvas()
    begun(page, head)
    pull(page, (256, 290), (286, 290))
    send(page, busy=True)
    send(page, track=[{"at": [270, 290], "target": [286, 290], "away": 16}])
    expect(page.locator(STAGE)).to_have_attribute("data-shown", "true")
    nothing = {"serial": 10**6, "drags": [], "strokes": [], "kind": "face", "marks": []}
    send(page, busy=False, track=[], preview={}, value=nothing | {"box": [0, 0, 16]})
    expect(page.locator(STAGE)).to_have_attribute("data-shown", "false")


def test_handles_arrive_and_what_is_protected_stays(
    canvas: Callable[..., Page], head: dict[str, Any]
) -> None:
    page, (_, start) = solving(canvas), rigged()
    pairs = [[256, 290, 286, 284], [300, 380, 306, 380]]
    found = np.array(page.evaluate(GUESSED, [head, pairs])).reshape(-1, 3)
    for pair in pairs:
        end = held(found, start.vertices, np.array(pair[:2]))
        assert np.linalg.norm(end - pair[2:]) < 1
    still = np.abs(found - start.vertices)[-36:]  # the outermost ring
    assert still.max() < 1e-3


@pytest.mark.parametrize("feature", FEATURES)
def test_handles_arrive_as_on_the_server(
    canvas: Callable[..., Page], head: dict[str, Any], feature: str
) -> None:
    page, (rig, start), (rows, ways) = solving(canvas), rigged(), FEATURES[feature]
    handles = start.vertices[rows, :2]
    drags = np.stack([handles, handles + rig.eyes * np.array(ways)], 1)
    sent = [head, drags.reshape(-1, 4).tolist()]
    skull, face = (np.reshape(each, (-1, 3)) for each in page.evaluate(SHIFTED, sent))
    found = np.reshape(page.evaluate(GUESSED, sent), (-1, 3))
    expected = with_handles(rig, start, (skull, face), drags, np.ones(len(skull)))
    assert np.abs(expected - start.vertices).max() > 3
    assert np.abs(found - expected)[:, :2].max() < 0.3


@pytest.mark.parametrize("part", range(6))
def test_the_head_turns_as_on_the_server(
    canvas: Callable[..., Page], head: dict[str, Any], part: int
) -> None:
    page, (rig, start) = solving(canvas), rigged()
    amount = [0.25, 0.15, 0.2, 0.04, 12.0, -9.0][part]  # rad about x, y, z; growth; px
    sent = head | {"skull": preview.numbers(np.eye(1, 6, part) * amount, np.float32)}
    sent |= {"face": preview.numbers(np.zeros((1, 468, 2)), np.float32)}
    found = page.evaluate(f"(sent) => Array.from(shifts(({DECODED})(sent), [1])[0])", sent)
    turn = cv2.Rodrigues(np.eye(3)[part] * amount)[0] if part < 3 else np.eye(3)
    shift = np.eye(3)[part - 4] * amount if part > 3 else np.zeros(3)
    scale = 1 + amount if part == 3 else 1.0
    skull = Similarity(scale, turn, np.array(head["centre"]), shift)
    expected, _ = carried(rig, start, skull, np.zeros((468, 3)))
    assert np.abs(expected).max() > 3
    np.testing.assert_allclose(np.reshape(found, (-1, 3)), expected, atol=0.01)
