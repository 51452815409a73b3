"""What is known of the public models, and where they lie."""

from collections import Counter
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest
from huggingface_hub import constants

from weights.files import FACES, WeightsError
from weights.hub import cache
from weights.hub.cache import find
from weights.hub.catalogue import CATALOGUE, Domain, Form, PublicModel, public

ALL = pytest.mark.parametrize("model", CATALOGUE, ids=[model.name for model in CATALOGUE])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    return tmp_path / "assets" / "dragphoto" / "models"


@ALL
def test_an_entry_can_be_checked(model: PublicModel) -> None:
    assert len(model.sha256) == 64
    assert set(model.sha256) <= set("0123456789abcdef")
    least, most = model.sizes
    assert least <= model.megabytes * 10**6 <= most or model.bytes is not None
    assert abs(least / 1e6 - model.megabytes) <= 1 >= abs(most / 1e6 - model.megabytes)


@ALL
def test_an_entry_is_fetched_over_https_from_where_it_is_known(model: PublicModel) -> None:
    hosts = {
        "api.ngc.nvidia.com", "nvlabs-fi-cdn.nvidia.com", "d36zk2xti64re0.cloudfront.net",
        "storage.googleapis.com", "huggingface.co",
    }  # fmt: skip
    assert model.urls
    assert len(set(model.urls)) == len(model.urls)
    for url in model.urls:
        assert urlsplit(url).scheme == "https"
        assert urlsplit(url).hostname in hosts
        assert urlsplit(url).path.endswith(".pt" if model.form == "rosinality" else ".pkl")


@ALL
def test_an_entry_says_what_it_is(model: PublicModel) -> None:
    assert model.domain in get_args(Domain)
    assert model.form in get_args(Form)
    assert model.resolution in (256, 512, 1024)
    assert (model.domain == "car") == ("car" in model.name)
    assert model.licence.url.startswith("https://")
    assert model.licence.name
    assert model.licence.says
    assert model.licence.short in model.label
    if model.licence.short == "CC BY 4.0":
        assert "credit" in model.licence.says
    else:
        assert "research" in model.licence.says


@pytest.mark.parametrize("field", ["name", "label", "sha256"])
def test_no_two_entries_are_taken_for_one_another(field: str) -> None:
    found = Counter(getattr(model, field) for model in CATALOGUE)
    assert found.most_common(1)[0][1] == 1


def test_a_label_tells_domain_size_and_licence() -> None:
    assert public("lions-512").label == "Lions (512 px, 364 MB, CC BY 4.0)"


def test_a_file_is_found_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lions-512").write_bytes(b"mine")  # goes before a name
    assert find("lions-512") == Path("lions-512")
    assert find(str(tmp_path / "lions-512")) == tmp_path / "lions-512"
    assert find("faces") == FACES


def test_a_model_is_found_by_its_name_once_it_is_here(folder: Path) -> None:
    model = public("horses-256")
    assert cache.cached(model) is None
    with pytest.raises(WeightsError, match="not here yet: `dragphoto weights fetch horses-256`"):
        find("horses-256")
    file = folder / "horses-256-f100dc32.pkl"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"all of it")
    assert find("horses-256") == file == cache.place(model)
    assert cache.cached(model) == file


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("unicorns", "There is no model unicorns. Those that can be fetched: lions-512, "),
        ("gone.pkl", "There is no file gone.pkl."),
        ("folder/lions-512", "There is no file folder/lions-512."),
        ("", ". is a folder, not a file."),
    ],
)
def test_what_is_not_there_is_named(name: str, sentence: str) -> None:
    with pytest.raises(WeightsError) as error:
        find(name)
    assert str(error.value).startswith(sentence)


def test_a_licence_is_accepted_once_for_all_its_models(folder: Path) -> None:
    lions, dogs, faces = (public(name) for name in ("lions-512", "dogs-1024", "ffhq-512"))
    assert not cache.accepted(lions.licence)
    cache.accept(lions.licence)
    assert cache.accepted(dogs.licence)
    assert not cache.accepted(faces.licence)
    (note,) = folder.iterdir()
    assert lions.licence.url in note.read_text()


def test_an_acceptance_that_cannot_be_kept_is_said(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file in the way")
    with pytest.raises(WeightsError, match="cannot be written"):
        cache.accept(public("lions-512").licence)
