"""Events and calls that no page would send: a sentence each, and nothing in the log."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from browser import Server
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import Wire, file_data

# About the length of what a failure would print.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
TRIED = 600
LET_IN = {200}
TURNED_AWAY = {400, 404, 408, 413, 429}
ODD = [10**400, -(10**400), 2**63, 1e308, 1e5, -1, 0.5, float("nan"), float("inf")]
WORDS = ["", "w+", "draggan", "quick", "Faces (256 px)", "../../etc/passwd", "\0", "<img src=x>"]
PLACES = [
    file_data("/etc/passwd"), {"path": "http://127.0.0.1:1/"}, {"url": "http://127.0.0.1:1/"},
    {"path": None}, {"meta": {"_type": "gradio.FileData"}}, {"path": ["a"]}, file_data("a" * 300),
]  # fmt: skip
leaves = (
    st.none() | st.booleans() | st.sampled_from([*ODD, *WORDS, *PLACES])
    | st.integers() | st.floats() | st.text(max_size=20)
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda part: (
        st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=8), part, max_size=4)
    ),
    max_leaves=12,
)
points = st.lists(st.lists(leaves | st.floats(0, 511), max_size=4), max_size=4)
strokes = st.fixed_dictionaries({"radius": leaves, "erase": leaves, "points": points})
drawings = st.fixed_dictionaries(
    {
        "serial": leaves, "drags": points, "strokes": st.lists(strokes, max_size=3) | values,
        "kind": st.sampled_from(["face", "box"]) | leaves, "marks": points, "box": points | values,
    }
)  # fmt: skip
inputs = values | drawings | points
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "event_data": values, "trigger_id": leaves, "simple_format": leaves, "batched": leaves,
        "event_id": leaves, "session_hash": leaves, "oauth_token": leaves,
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def wire(app: Server) -> Iterator[Wire]:
    one = Wire(app.url)
    one.event(one.events()["ui_0_begin"]["id"], [])
    before = app.log.read_text()
    yield one
    one.client.close()
    said = app.log.read_text().removeprefix(before)
    assert "rror" not in said
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def events(wire: Wire) -> list[tuple[int, int]]:
    """(number, count of inputs) of each event."""
    return [(event["id"], len(event["inputs"])) for event in wire.events().values()]


def told(message: dict[str, Any]) -> None:
    """It worked, or there is one sentence that is no excuse of the program's."""
    output = message.get("output") or {}
    sentence = output.get("error")
    if sentence is not None:
        assert 5 < len(sentence) < 400, sentence
        assert "went wrong" not in sentence
        assert "\n" not in sentence


@settings(examples(TRIED), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_malformed_events_end_in_a_sentence(
    wire: Wire, events: list[tuple[int, int]], data: st.DataObject
) -> None:
    number, count = data.draw(st.sampled_from(events))
    right = st.lists(inputs, min_size=count, max_size=count)
    sent = data.draw(right | right | right | st.lists(inputs, max_size=12) | values)
    more = data.draw(envelopes) if data.draw(st.integers(0, 3)) == 0 else {}
    body = {"fn_index": number, "data": sent, "session_hash": wire.session, **more}
    reply = wire.post("queue/join", json.dumps(body).encode())
    assert reply.status_code in LET_IN | TURNED_AWAY
    if reply.status_code in TURNED_AWAY:
        assert 5 < len(reply.json()["detail"]) < 300
    elif body["session_hash"] == wire.session:
        told(wire.ended(reply.json()["event_id"]))


@settings(examples(150), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_malformed_calls_of_the_api_end_in_a_sentence(wire: Wire, data: st.DataObject) -> None:
    name, count = data.draw(st.sampled_from([("fit", 4), ("drag", 5), ("render", 2)]))
    sent = data.draw(st.lists(inputs, min_size=count, max_size=count))
    reply = wire.post(f"call/{name}", json.dumps({"data": sent}).encode())
    assert reply.status_code in LET_IN | TURNED_AWAY
    if reply.status_code == 200:
        number = reply.json()["event_id"]
        lines = wire.client.get(f"gradio_api/call/{name}/{number}").text.splitlines()
        ends = [line for line in lines if line.startswith("event: ")]
        assert ends[-1] in ("event: complete", "event: error")
        last = json.loads([line for line in lines if line.startswith("data: ")][-1][6:])
        if ends[-1] == "event: error":
            told({"output": last})
