"""Downloads of public models, from a server on this machine that can be as bad as they come."""

import errno
import hashlib
import io
import os
import socket
import ssl
import time
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import URLError

import pytest
from file_server import PIECE, Site, serve
from huggingface_hub import constants

from weights.files import WeightsError
from weights.hub import cache, fetch, source
from weights.hub.cache import accept, cached, place
from weights.hub.catalogue import CC_BY, PublicModel
from weights.hub.fetch import fetched_bytes

DATA = os.urandom(3_000_000)
CUT = 1_000_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, on a machine without a proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    accept(CC_BY)
    return cache.folder()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site(DATA)) as site:
        yield site


def model(*urls: str, data: bytes = DATA) -> PublicModel:
    """What the catalogue would say of this file."""
    checksum = hashlib.sha256(data).hexdigest()
    return PublicModel(
        "toy", "Toys", "square", 256, "nvidia", urls, checksum, 3, len(data), CC_BY
    )  # fmt: skip


def refused(wanted: PublicModel) -> str:
    """Why there is no file, in one sentence; and there is none."""
    with pytest.raises(WeightsError) as error:
        list(fetch.fetch(wanted))
    assert cached(wanted) is None
    assert "\n" not in str(error.value)
    return str(error.value)


def leave(wanted: PublicModel) -> int:
    """Stop in the middle; how many bytes are kept."""
    with serve(Site(DATA, pause=0.001)) as slow:
        items = fetch.fetch(replace(wanted, urls=(slow.url,)))
        for done, _ in items:
            if done >= CUT:
                break
        items.close()
    kept = fetched_bytes(wanted)
    assert CUT <= kept < len(DATA)
    assert cached(wanted) is None
    return kept


def test_a_file_comes_whole(site: Site, folder: Path) -> None:
    wanted = model(site.url)
    items = list(fetch.fetch(wanted))
    assert items == sorted(items)
    assert items[-1] == (len(DATA), len(DATA))
    assert cached(wanted) == place(wanted)
    assert place(wanted).read_bytes() == DATA
    assert not list(folder.glob("*.incomplete"))
    assert list(fetch.fetch(wanted)) == []
    assert len(site.asked) == 1


@pytest.mark.parametrize("announced", [None, -1])
def test_a_size_need_not_be_known(site: Site, announced: int | None) -> None:
    site.announced = announced
    wanted = replace(model(site.url), bytes=None)
    list(fetch.fetch(wanted))
    assert place(wanted).read_bytes() == DATA


def test_a_download_that_was_left_goes_on(site: Site) -> None:
    wanted = model(site.url)
    kept = leave(wanted)
    items = list(fetch.fetch(wanted))
    assert items[0][0] > kept
    assert place(wanted).read_bytes() == DATA
    assert site.asked == [f"bytes={kept}-"]
    assert site.served == len(DATA) - kept


def test_a_download_that_broke_off_goes_on(site: Site) -> None:
    wanted = model(site.url)
    site.cut = CUT
    assert refused(wanted) == (
        "toy could not be downloaded: 127.0.0.1 broke off after 1.0 of 3.0 MB. "
        "1.0 MB are kept: fetch it again to go on."
    )
    site.cut = None
    list(fetch.fetch(wanted))
    assert place(wanted).read_bytes() == DATA
    assert site.asked == ["", f"bytes={CUT}-"]
    assert site.served == len(DATA)


def test_a_download_that_was_all_but_done_needs_no_network(folder: Path) -> None:
    wanted = model("http://127.0.0.1:9/model.pkl")
    folder.joinpath(place(wanted).name + ".incomplete").write_bytes(DATA)
    assert list(fetch.fetch(wanted)) == []
    assert place(wanted).read_bytes() == DATA


@pytest.mark.parametrize("how", [{"ranges": False}, {"shift": 1}, {"shift": -CUT}])
def test_a_server_that_cannot_go_on_sends_it_anew(site: Site, how: dict[str, Any]) -> None:
    wanted = model(site.url)
    leave(wanted)
    for name, value in how.items():
        setattr(site, name, value)
    list(fetch.fetch(wanted))
    assert place(wanted).read_bytes() == DATA
    assert site.asked[0].startswith("bytes=")
    assert site.asked[1:] == ([] if "ranges" in how else [""])


def test_what_is_kept_and_too_long_is_fetched_anew(site: Site, folder: Path) -> None:
    wanted = model(site.url)
    folder.joinpath(place(wanted).name + ".incomplete").write_bytes(DATA + b"more")
    list(fetch.fetch(wanted))
    assert place(wanted).read_bytes() == DATA
    assert site.asked == [f"bytes={len(DATA) + 4}-", ""]


def test_what_is_kept_and_wrong_is_thrown_away(site: Site, folder: Path) -> None:
    wanted = model(site.url)
    folder.joinpath(place(wanted).name + ".incomplete").write_bytes(bytes(CUT))
    assert "sent a file with another checksum, which was thrown away." in refused(wanted)
    assert fetched_bytes(wanted) == 0
    list(fetch.fetch(wanted))
    assert place(wanted).read_bytes() == DATA


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "another file": (
        {"data": bytes(len(DATA))},
        "sent a file with another checksum, which was thrown away",
    ),
    "another size": (
        {"announced": 2_999_999},
        "has a file of 2999999 bytes instead of 3000000 bytes",
    ),
    "more than it should be": (
        {"announced": None, "more": b"more"},
        "sent more than the 3000000 bytes of the file",
    ),
    "a web page": ({"kind": "text/html"}, "sent a web page instead of the file"),
    "a web page of no kind": (
        {"data": b"\n<!DOCTYPE html><title>Log in</title>"},
        "sent a web page instead of the file",
    ),
    "a pointer": (
        {"data": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"},
        "sent a git-LFS pointer instead of the file",
    ),
    "a part": ({"status": 206}, "sent another part of the file than was asked for"),
    "nothing": ({"status": 404}, "answered 404 (Not Found)"),
    "an error": ({"status": 503}, "answered 503 (Service Unavailable)"),
    "a way out": (
        {"to": "http://example.org/model.pkl"},
        "sends on to an address that does not begin with https",
    ),
    "a way to a file": (
        {"to": "file:///etc/passwd"},
        "sends on, but to no file",
    ),
    "a circle": ({"to": "/model.pkl"}, "sends on, but to no file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_the_file_is_said_and_never_kept(name: str, site: Site) -> None:
    how, reason = BAD[name]
    for field, value in how.items():
        setattr(site, field, value)
    said = refused(model(site.url))
    assert said.startswith(f"toy could not be downloaded: 127.0.0.1 {reason}")
    assert fetched_bytes(model(site.url)) == 0


@pytest.mark.parametrize("how", [{"kind": "text/html", "ranges": False}, {"status": 503}])
def test_what_is_kept_outlives_a_bad_answer(site: Site, how: dict[str, Any]) -> None:
    """A hotel's network answers everything with its own page."""
    wanted = model(site.url)
    kept = leave(wanted)
    for field, value in how.items():
        setattr(site, field, value)
    assert f" {kept / 1e6:.1f} MB are kept: fetch it again to go on." in refused(wanted)
    assert fetched_bytes(wanted) == kept


def test_a_size_that_is_about_right_will_do_and_another_will_not(site: Site) -> None:
    site.announced = 4_100_000
    wanted = replace(model(site.url), bytes=None)
    assert "has a file of 4100000 bytes instead of about 3 MB" in refused(wanted)


@pytest.mark.parametrize("silent", [False, True])
def test_without_a_network_one_look_for_all_hosts_is_enough(
    silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the system goes on asking for a name for long, as it does: 10 s for each."""
    looked: list[str] = []

    def offline(name: str, *_: object) -> None:
        looked.append(name)
        if silent:
            over.wait(60)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setattr(source, "LOOK_UP", 0.2)
    over, begun = Event(), time.monotonic()
    said = refused(model("https://one.example/model.pkl", "https://two.example/model.pkl"))
    assert time.monotonic() - begun < 5
    over.set()
    assert sorted(looked) == ["one.example", "two.example"]
    assert said == (
        "toy could not be downloaded: no host of it can be found (is there a network?)."
    )


def test_one_host_that_is_known_is_enough(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo

    def partly(name: str, *how: Any, **more: Any) -> Any:
        if name == "gone.example":
            raise socket.gaierror(-2, "Name or service not known")
        return look_up(name, *how, **more)

    monkeypatch.setattr(socket, "getaddrinfo", partly)
    wanted = model("https://gone.example/model.pkl", site.url)
    list(fetch.fetch(wanted))
    assert cached(wanted) is not None


def test_a_proxy_looks_up_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("nobody else should"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert source.is_known(["https://one.example/model.pkl"])


def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setattr(source, "PATIENCE", 0.3)
    site.pause = 1.5
    said = refused(model(site.url))
    assert "127.0.0.1 said nothing for 0.3 seconds. 0.0 MB are kept" in said
    assert fetched_bytes(model(site.url)) == PIECE


def test_a_network_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = refused(model(f"http://127.0.0.1:{port}/model.pkl"))
    assert said == (
        "toy could not be downloaded: 127.0.0.1 cannot be reached (is there a network?)."
    )


@pytest.mark.parametrize(
    "url", ["http://example.org/model.pkl", "ftp://example.org/model.pkl", "file:///etc/passwd"]
)
def test_only_https_is_asked(url: str) -> None:
    assert "is not asked: its address does not begin with https" in refused(model(url))


def test_nobody_may_send_us_to_this_machine() -> None:
    """Only who asks this machine, as these tests do, is sent on to it."""
    assert source._allowed("http://127.0.0.1/a", "http://127.0.0.1/b")
    assert not source._allowed("http://127.0.0.1/a", "https://example.org/b")
    assert not source._allowed("http://127.0.0.1.example.org/a", "http://127.0.0.1/b")
    assert source._allowed("https://example.org/a", "https://example.com/b")


def test_a_certificate_that_is_not_right_is_said() -> None:
    error = URLError(ssl.SSLCertVerificationError())
    assert source._reason(error) == "has a certificate that cannot be checked"


def test_a_file_without_end_is_left_at_its_size(site: Site) -> None:
    site.announced, site.more = None, bytes(len(DATA))
    seen: list[tuple[int, int]] = []
    with pytest.raises(WeightsError, match="sent more than the 3000000 bytes"):
        seen.extend(fetch.fetch(model(site.url)))
    assert 0 < max(seen)[0] <= len(DATA)


def test_a_file_is_on_the_disk_before_it_has_its_name(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, seen = model(site.url), []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(cached(wanted)))
    list(fetch.fetch(wanted))
    assert seen == [None]
    assert cached(wanted) is not None


def test_mirrors_are_asked_in_order_and_go_on_where_the_one_before_stopped(site: Site) -> None:
    with serve(Site(DATA, status=404)) as gone, serve(Site(DATA, cut=CUT)) as weak:
        wanted = model(gone.url, weak.url, site.url)
        list(fetch.fetch(wanted))
        assert place(wanted).read_bytes() == DATA
        assert gone.asked == weak.asked == [""]
    assert site.asked == [f"bytes={CUT}-"]
    assert site.served == len(DATA) - CUT


def test_the_reason_of_each_mirror_is_said() -> None:
    with (
        serve(Site(DATA, status=404)) as gone,
        serve(Site(DATA, kind="text/html")) as page,
        serve(Site(bytes(len(DATA)))) as other,
    ):
        assert refused(model(gone.url, page.url, other.url)) == (
            "toy could not be downloaded: 127.0.0.1 answered 404 (Not Found); "
            "127.0.0.1 sent a web page instead of the file; "
            "127.0.0.1 sent a file with another checksum, which was thrown away."
        )


def test_the_hub_is_asked_where_it_is_said_to_be(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", site.url.removesuffix("/model.pkl"))
    list(fetch.fetch(model("https://huggingface.co/some/where/resolve/main/model.pkl")))
    assert site.asked == [""]


def test_offline_there_is_what_is_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = model(site.url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert refused(wanted) == "toy is not here, and HF_HUB_OFFLINE forbids a download."
    assert site.asked == []
    place(wanted).write_bytes(DATA)
    assert list(fetch.fetch(wanted)) == []
    assert cached(wanted) is not None


def test_nothing_is_asked_before_the_licence_is_accepted(site: Site) -> None:
    licence = replace(CC_BY, name="Toy Licence", says="play only")
    wanted = replace(model(site.url), licence=licence)
    assert refused(wanted) == (
        f"toy is under the Toy Licence (play only): read it at {CC_BY.url}, "
        "then run `dragphoto weights fetch toy --accept-licence`."
    )
    assert site.asked == []
    accept(licence)
    list(fetch.fetch(wanted))
    assert cached(wanted) is not None


Disk = namedtuple("Disk", "total used free")


def test_a_disk_that_is_too_small_is_noticed_before(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: Disk(9e9, 9e9, 1_900_000))
    wanted = model(site.url)
    assert refused(wanted) == (f"toy needs 3.0 MB more, but there are 1.9 MB free in {folder}.")
    assert fetched_bytes(wanted) == 0


def test_only_what_is_missing_needs_room(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = model(site.url)
    kept = leave(wanted)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: Disk(9e9, 9e9, len(DATA) - kept))
    list(fetch.fetch(wanted))
    assert cached(wanted) is not None


class Small(io.BufferedWriter):
    """A file on a disk that gets full."""

    room = CUT

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.room:
            super().write(data[: self.room - self.tell()])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_a_disk_that_gets_full_keeps_what_it_has(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = model(site.url)
    default_crop = Path.open

    def small(file: Path, mode: str = "r") -> Any:
        return (
            Small(io.FileIO(file, mode.replace("b", "")))
            if mode in "abwb"
            else default_crop(file, mode)
        )

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", small)
        assert refused(wanted) == (
            f"There is no room left in {folder}. 1.0 MB of toy are kept: "
            "make room and fetch it again to go on."
        )
    assert fetched_bytes(wanted) == CUT
    list(fetch.fetch(wanted))
    assert place(wanted).read_bytes() == DATA
    assert site.asked == ["", f"bytes={CUT}-"]


def test_a_folder_that_cannot_be_written_is_said(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "accepted", lambda _: True)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("a file in the way")
    assert f"{folder} cannot be written" in refused(model(site.url))


def test_two_at_once_download_once(site: Site) -> None:
    site.pause = 0.002
    wanted = model(site.url)
    seen: list[list[tuple[int, int]]] = [[], []]
    threads = [Thread(target=lambda to=to: to.extend(fetch.fetch(wanted))) for to in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place(wanted).read_bytes() == DATA
    assert len(site.asked) == 1
    assert all(items == sorted(items) for items in seen)
    assert all(seen), "whoever waits sees how far the other one is"
