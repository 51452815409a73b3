"""What the host decides about public models: who fetches them, and with which the page opens."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants
from shelf import Shelf, entries, shelf

from editor import BusyError, models
from ui import gpu
from ui.page import fetching, handlers, host, messages, opening
from ui.page import shelf as page_shelf
from ui.page.screen import Screen
from ui.page.settings import Settings
from ui.page.tab_state import TabState
from weights.files import WeightsError
from weights.hub import cache, catalogue, offers
from weights.hub.cache import accepted, cached, place
from weights.hub.catalogue import CATALOGUE, PublicModel

ROOT = Path(__file__).parents[2]
VALUES = tuple(vars(Settings()).values())


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A catalogue of three models, none of them here; the host has decided nothing."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in (host.FETCH, models.FIRST, models.FOLDER, "GRADIO_SERVER_NAME", *host.PUBLIC):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(models, "_kept", {})
    monkeypatch.setattr(host, "_news", {})
    monkeypatch.setattr(opening, "_opening", {})
    with shelf(tmp_path) as sites:
        for module in (catalogue, cache, offers, page_shelf):
            monkeypatch.setattr(module, "CATALOGUE", entries(sites.catalogue()))
        yield sites


def lions() -> PublicModel:
    return catalogue.public("lions-64")


def bring(sites: Shelf) -> None:
    """The lions are here."""
    place(lions()).parent.mkdir(parents=True)
    place(lions()).write_bytes(sites.lions.data)


def begun() -> tuple[TabState, str]:
    """A tab that has just been opened, and its status line."""
    visit = handlers.fresh()
    said = [screen["status"] for screen in opening.begin(visit) if "status" in screen]
    return visit, re.sub("<.*?>", "", said[-1])


def is_embedded(visit: TabState) -> bool:
    return visit.model == models.names()[0] == "Faces (256 px)"


def press(visit: TabState, name: object) -> list[Screen]:
    return list(fetching.want(visit, SimpleNamespace(_data={"name": name}), *VALUES))


def test_every_public_model_has_a_drawing() -> None:
    drawn = set(re.findall('id="subject-(.*?)"', page_shelf._drawings()))
    assert drawn == {page_shelf.subject(model) for model in CATALOGUE}


@pytest.mark.parametrize(
    ("variables", "may"),
    [
        ({}, True),
        ({"GRADIO_SERVER_NAME": "localhost"}, True),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, False),
        ({"SPACE_ID": "somebody/dragphoto"}, False),
        ({"FORWARDED_ALLOW_IPS": ""}, True),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.1"}, False),
        ({"GRADIO_ROOT_PATH": "/drag"}, False),
        ({"GRADIO_SERVER_NAME": "0.0.0.0", host.FETCH: "1"}, True),
        ({host.FETCH: "0"}, False),
        ({host.FETCH: "no"}, False),
    ],
)
def test_who_may_fetch(
    sites: Shelf, variables: dict[str, str], may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert host.may_fetch() == may
    assert (page_shelf.OFF in page_shelf.invited()) != may
    assert page_shelf.rows().count(" disabled>") == (0 if may else 3)


def test_a_visitor_accepts_and_fetches_nothing_unless_the_host_allows_it(
    sites: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(host.FETCH, "0")
    visit = handlers.fresh()
    visit.wanted = "lions-64"
    for screens in (lambda: press(visit, "lions-64"), lambda: list(fetching.agree(visit, *VALUES))):
        with pytest.raises(WeightsError, match="Models cannot be fetched from this page"):
            screens()
    assert sites.lions.asked == []
    assert not accepted(lions().licence)


@pytest.mark.parametrize("name", [None, 7, "", "../lions-64", "x" * 5000, {"name": "lions-64"}])
def test_only_what_is_in_the_catalogue_can_be_pressed(sites: Shelf, name: object) -> None:
    with pytest.raises(WeightsError, match=r"no model .* Those that can be fetched: lions"):
        press(handlers.fresh(), name)


def test_a_tab_fetches_one_model_at_a_time(sites: Shelf) -> None:
    visit = handlers.fresh()
    visit.wanted, visit.fetching = "lions-64", fetching.Event()
    for screens in (lambda: press(visit, "lions-64"), lambda: list(fetching.agree(visit, *VALUES))):
        with pytest.raises(BusyError, match="already"):
            screens()
    assert sites.lions.asked == []


def test_what_was_done_meanwhile_is_not_lost(sites: Shelf) -> None:
    sites.lions.pause = 0.05
    visit = handlers.fresh()
    visit.wanted = "lions-64"
    screens = fetching.agree(visit, *VALUES)
    assert "Fetching lions-64" in next(screens)["fetched"]
    list(handlers.astronaut(visit))
    *_, last = screens
    assert "lions-64 is here: choose it under Model." in last["fetched"]
    assert last["model"]["choices"] == models.names()
    assert lions().label in models.names()
    assert is_embedded(visit)
    assert visit.unfitted is not None


def test_without_a_name_the_page_opens_with_the_embedded_model(sites: Shelf) -> None:
    assert host.prefetch() is None
    visit, said = begun()
    assert said == messages.HELLO
    assert is_embedded(visit)


def test_a_name_that_is_not_known_is_said(sites: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(models.FIRST, "lion")
    assert host.prefetch() is None
    visit, said = begun()
    assert said == (
        "DRAGPHOTO_MODEL is lion, which is no model that is here or can be fetched: "
        f"`dragphoto weights list` shows those that can. {messages.HELLO}"
    )
    assert is_embedded(visit)


def fetched_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(models.FIRST, "lions-64")
    thread = host.prefetch()
    assert thread is not None
    thread.join(60)
    assert not thread.is_alive()


def test_without_a_network_it_is_said(sites: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    fetched_at_the_start(monkeypatch)
    visit, said = begun()
    assert said == (
        "lions-64 could not be downloaded: no host of it can be found (is there a network?). "
        f"{host.EMBEDDED} {messages.HELLO}"
    )
    assert is_embedded(visit)


def test_while_it_is_downloaded_it_is_said(sites: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """And by naming it the host has accepted its licence."""
    sites.lions.pause = 0.1
    monkeypatch.setenv(models.FIRST, "lions-64")
    thread = host.prefetch()
    while not host.news():
        assert thread is not None
    visit, said = begun()
    assert said.startswith("lions-64 is being downloaded: 0 of 0 MB are here. Until it is here,")
    assert is_embedded(visit)
    thread.join(60)
    assert accepted(lions().licence)
    assert cached(lions()) is not None
    visit, _ = begun()
    assert visit.model == lions().label


def test_once_it_is_here_the_page_opens_with_a_picture_of_it(
    sites: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is drawn once, for all tabs."""
    bring(sites)
    monkeypatch.setenv(models.FIRST, "lions-64")
    assert host.prefetch() is None
    drawn: list[str] = []
    face = gpu.face

    def counted(model: str, seed: int) -> Any:
        drawn.append(model)
        return face(model, seed)

    monkeypatch.setattr(gpu, "face", counted)
    (one, said), (other, _) = begun(), begun()
    assert drawn == [lions().label]
    assert one.model == other.model == lions().label
    assert one.session is other.session
    assert one.session.subject.photo.std() > 0
    assert (one.size, said) == (other.size, messages.NEXT)
    assert models._kept.keys() >= {lions().label}


def test_a_model_that_cannot_be_used_is_said(sites: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(sites)
    place(lions()).write_bytes(b"nonsense")
    monkeypatch.setenv(models.FIRST, "lions-64")
    visit, said = begun()
    assert "lions-64" in said
    assert said.endswith(messages.HELLO)
    assert is_embedded(visit)


def test_where_gpus_are_lent_the_named_model_is_kept_before_others(
    sites: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(sites)
    dogs = catalogue.public("dogs-64")
    monkeypatch.setattr(cache, "CATALOGUE", catalogue.CATALOGUE[::-1])
    monkeypatch.setattr(offers, "CATALOGUE", catalogue.CATALOGUE[::-1])
    place(dogs).write_bytes(sites.lions.data)
    assert models.names()[1:] == [dogs.label, lions().label]
    monkeypatch.setenv(models.FIRST, "lions-64")
    models.load_first()
    assert list(models._kept) == [models.names()[0], lions().label]


def test_a_file_of_ones_own_can_be_the_first(
    sites: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "pets.pkl").write_bytes(sites.lions.data)
    monkeypatch.setenv(models.FOLDER, str(tmp_path / "own"))
    monkeypatch.setenv(models.FIRST, "pets")
    assert models.first() == "Pets (64 px)"


LENT = """
import os, sys, types
from shelf import entries
from weights.hub import catalogue
catalogue.CATALOGUE = entries(os.environ["TEST_CATALOGUE"])
sys.modules["spaces"] = types.SimpleNamespace(GPU=lambda task, duration: lambda job: task(job))
from ui import gpu
from editor import models
print(list(models._kept))
"""


def test_where_gpus_are_lent_the_start_waits_for_the_named_model(
    sites: Shelf, tmp_path: Path
) -> None:
    """It has to be there before any process borrows a GPU: what that process makes is lost."""
    sites.lions.pause = 0.2
    variables = os.environ | {
        "DRAGPHOTO_MODEL": "lions-64", "TEST_CATALOGUE": sites.catalogue(), "HF_HUB_OFFLINE": "0",
        "HF_ASSETS_CACHE": str(tmp_path / "assets"), "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
    }  # fmt: skip
    command = [sys.executable, "-c", LENT]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == f"{[models.names()[0], lions().label]}\n"
    assert len(sites.lions.asked) == 1
