"""The commands for public models, with a catalogue of one that a server on this machine has."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import Site, serve
from huggingface_hub import constants
from worlds import small_generator

from cli import main
from weights.formats import Model, save
from weights.hub import catalogue
from weights.hub.cache import place
from weights.hub.catalogue import Licence, PublicModel

ROOT = Path(__file__).parents[2]
DATA = os.urandom(3_000_000)
CUT = 1_000_000


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site(DATA)) as site:
        yield site


# The command line, with a catalogue of one model.
PROGRAM = f"""
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import sys
from weights.hub import catalogue
model = catalogue.PublicModel(
    "toy", "Toys", "square", 256, "nvidia", (sys.argv.pop(1),),
    "{hashlib.sha256(DATA).hexdigest()}", 3, {len(DATA)}, catalogue.CC_BY,
)
catalogue.CATALOGUE = (model,)
from cli.main import main; main()
"""


def program(site: Site, home: Path, *arguments: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name != "HF_ASSETS_CACHE"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, site.url, "weights", *arguments], cwd=ROOT, text=True,
        env=kept | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def served(site: Site, size: int) -> None:
    """Wait until the site has sent so much."""
    end = time.monotonic() + 120
    while site.served < size:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_processes_do_not_meet_and_a_killed_one_holds_nobody_up(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "home"
    site.pause = 0.02
    with program(site, home, "fetch", "toy", "--accept-licence") as first:
        served(site, CUT)
        with (
            program(site, home, "fetch", "toy") as second,
            program(site, home, "fetch", "toy") as third,
        ):
            time.sleep(0.3)
            first.kill()
            site.pause = 0.001
            outs = [process.communicate(timeout=120) for process in (second, third)]
    assert [second.returncode, third.returncode] == [0, 0], outs
    file = (
        home / "assets" / "dragphoto" / "models" / f"toy-{hashlib.sha256(DATA).hexdigest()[:8]}.pkl"
    )
    assert [out.strip() for out, _ in outs] == [str(file)] * 2
    assert file.read_bytes() == DATA
    assert len(site.asked) == 2
    assert int(site.asked[1].removeprefix("bytes=").rstrip("-")) > 0


def test_ctrl_c_keeps_the_part_and_says_so(site: Site, tmp_path: Path) -> None:
    site.pause = 0.02
    with program(site, tmp_path, "fetch", "toy", "--accept-licence") as process:
        served(site, CUT)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("dragphoto: stopped. ")
    assert said.splitlines()[-1].endswith(" of 3 MB are kept: run it again to go on.")
    (part,) = (tmp_path / "assets" / "dragphoto" / "models").glob("*.incomplete")
    assert DATA.startswith(part.read_bytes())
    assert part.stat().st_size > 0


@pytest.fixture
def one(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PublicModel:
    """The only model of the catalogue."""
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    checksum = hashlib.sha256(DATA).hexdigest()
    licence = Licence("Toy Licence", "toys", "play only", "https://example.org/licence")
    wanted = PublicModel(
        "toy", "Toys", "square", 256, "nvidia", (site.url,), checksum, 3, len(DATA), licence
    )
    monkeypatch.setattr(catalogue, "CATALOGUE", (wanted,))
    return wanted


def test_the_command_line_asks_for_the_licence_once(one: PublicModel, site: Site, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(["weights", "fetch", "toy"])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.startswith("dragphoto: toy is under the Toy Licence (play only): ")
    assert said.count("\n") == 1
    assert site.asked == []
    main.main(["weights", "fetch", "toy", "--accept-licence"])
    assert capsys.readouterr().out == f"{place(one)}\n"
    place(one).unlink()
    main.main(["weights", "fetch", "toy"])
    assert place(one).read_bytes() == DATA


def test_a_path_is_printed_for_what_is_here(one: PublicModel, capsys) -> None:
    with pytest.raises(SystemExit):
        main.main(["weights", "path", "toy"])
    assert capsys.readouterr() == (
        "",
        "dragphoto: toy is not here yet: `dragphoto weights fetch toy`.\n",
    )
    place(one).parent.mkdir(parents=True)
    place(one).write_bytes(DATA)
    main.main(["weights", "path", "toy"])
    assert capsys.readouterr().out == f"{place(one)}\n"


def test_a_model_that_is_here_is_used_by_its_name(one: PublicModel, tmp_path: Path, capsys) -> None:
    place(one).parent.mkdir(parents=True)
    save(Model(small_generator(), 16), place(one))
    main.main(["render", "--model", "toy", "-o", str(tmp_path / "a.png"), "--json"])
    assert json.loads(capsys.readouterr().out)["side"] == 32


def test_the_list_says_what_is_here(capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path))
    lions = catalogue.public("lions-512")
    place(lions).parent.mkdir(parents=True)
    place(lions).write_bytes(DATA)
    main.main(["weights", "list"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(catalogue.CATALOGUE)
    assert [line.split()[1] for line in lines if line.startswith("here")] == ["lions-512"]
    main.main(["weights", "list", "--json"])
    facts = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert len(facts) == len(lines)
    assert facts["lions-512"]["file"] == str(place(lions))
    assert facts["ffhq-512"]["file"] is None
    assert facts["ffhq-512"]["accepted"] is False
    assert facts["ffhq-512"]["licence_url"].startswith("https://")
