"""``dragphoto serve``: what it tells the app, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import main

ROOT = Path(__file__).parents[2]
NAMES = ("DRAGPHOTO_MODEL", "DRAGPHOTO_FETCH", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the environment says when the app starts."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for name in (*NAMES, "DRAGPHOTO_MODELS"):
        os.environ.pop(name, None)
    found: dict[str, str] = {}
    app = SimpleNamespace(main=lambda: found.update(os.environ))
    monkeypatch.setitem(sys.modules, "app", app)
    return found


def serve(told: dict[str, str], *arguments: str) -> dict[str, str]:
    main.main(["serve", *arguments])
    return {name: told[name] for name in NAMES if name in told}


def test_what_is_not_said_is_left_as_it_is(told: dict[str, str]) -> None:
    assert serve(told) == {}


def test_what_is_said_is_told(told: dict[str, str]) -> None:
    how = ["--model", "lions-512", "--host", "0.0.0.0", "--port", "8000", "--fetch"]
    assert serve(told, *how) == dict(zip(NAMES, ("lions-512", "1", "0.0.0.0", "8000"), strict=True))
    assert serve(told, "--no-fetch")["DRAGPHOTO_FETCH"] == "0"


def test_a_model_of_ones_own_folder_may_be_the_first(told: dict[str, str]) -> None:
    os.environ["DRAGPHOTO_MODELS"] = "models"
    assert serve(told, "--model", "pets") == {"DRAGPHOTO_MODEL": "pets"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--model", "lion"], "There is no model lion."), (["--port", "x"], "a whole number")],
)
def test_what_is_wrong_is_said_at_once(
    arguments: list[str], sentence: str, told: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        serve(told, *arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert told == {}


def test_an_address_that_is_not_ours_is_said() -> None:
    """By the app itself, which was really started."""
    command = [sys.executable, "-m", "cli", "serve", "--host", "203.0.113.1", "--no-fetch"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("dragphoto: The page cannot be served there:")
