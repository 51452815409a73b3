"""Downloads that several wait for: begun once, seen by all, over when nobody looks any more."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from file_server import Site, serve
from huggingface_hub import constants

from weights.files import WeightsError
from weights.hub import downloads
from weights.hub.cache import accept, cached, place
from weights.hub.catalogue import CC_BY, PublicModel
from weights.hub.downloads import watch
from weights.hub.fetch import fetched_bytes

DATA = os.urandom(3_000_000)


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PublicModel]:
    """A model that nobody has yet, whose server takes about three seconds."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    accept(CC_BY)
    with serve(Site(DATA, pause=0.015)) as site:
        checksum = hashlib.sha256(DATA).hexdigest()
        yield PublicModel(
            "toy", "Toys", "square", 256, "nvidia", (site.url,), checksum, 3, len(DATA), CC_BY
        )
    assert not downloads._running


def soon(true: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def begun(looks: Iterator[tuple[int, int]]) -> None:
    """Look until something has come."""
    for done, _ in looks:
        if done > 100_000:
            return
    pytest.fail("nothing has come")


def test_a_download_is_seen_by_all_and_goes_on_for_who_stays(wanted: PublicModel) -> None:
    with closing(watch(wanted)) as first, closing(watch(wanted)) as second:
        begun(first)
        begun(second)
        assert len(downloads._running) == 1
        first.close()
        *_, last = second
    assert last[1] == len(DATA)
    assert place(wanted).read_bytes() == DATA


def test_it_ends_with_the_last_who_looks_and_goes_on_with_the_next(wanted: PublicModel) -> None:
    with closing(watch(wanted)) as looks:
        begun(looks)
    assert downloads._running == {}
    time.sleep(0.5)  # what was on its way has come
    kept = fetched_bytes(wanted)
    time.sleep(0.5)
    assert 0 < fetched_bytes(wanted) == kept < len(DATA)
    assert cached(wanted) is None
    with closing(watch(wanted)) as looks:
        assert next(looks)[0] >= kept
        list(looks)
    assert place(wanted).read_bytes() == DATA


def test_who_leaves_does_not_wait_for_a_server_that_says_nothing(wanted: PublicModel) -> None:
    with serve(Site(DATA, pause=3)) as silent:
        looks = watch(replace(wanted, urls=(silent.url,)))
        soon(lambda: silent.asked or next(looks))
        left = time.monotonic()
        looks.close()
        assert time.monotonic() - left < 1
    soon(lambda: list(watch(wanted)) and cached(wanted))


def test_what_goes_wrong_is_told_to_all(wanted: PublicModel) -> None:
    with serve(Site(bytes(len(DATA)), pause=0.005)) as other:
        bad = replace(wanted, urls=(other.url,))
        first, second = watch(bad), watch(bad)
        begun(first)
        begun(second)
        for looks in (first, second):
            with pytest.raises(WeightsError, match="with another checksum, which was thrown away"):
                list(looks)
    assert cached(wanted) is None


def test_there_are_never_more_than_a_few_at_once(wanted: PublicModel) -> None:
    others = [watch(replace(wanted, name=f"toy-{number}")) for number in range(2)]
    for looks in others:
        next(looks)
    with pytest.raises(WeightsError, match="2 models are being downloaded already"):
        next(watch(wanted))
    for looks in others:
        looks.close()
    looks = [watch(wanted) for _ in range(downloads.MOST_WATCHERS)]
    for one in looks:
        next(one)
    with pytest.raises(WeightsError, match="Many wait for this model already"):
        next(watch(wanted))
    for one in looks:
        one.close()
