"""Every hostile picture ends in a photo or in a sentence, soon, and the server hardly grows."""

from collections.abc import Callable

import pytest
from worlds import slow

from benchmarks.trust.hostile.pictures import corpus, is_large
from benchmarks.trust.photo_hostile import Outcome, outcomes, rows
from photo.decoder import pool
from photo.decoder.process import SECONDS
from photo.decoder.worker import MOST_MEMORY

CORPUS = corpus()
LARGE = {name: make for name, make in CORPUS.items() if is_large(name)}
SMALL = {name: make for name, make in CORPUS.items() if not is_large(name)}
MOST_SECONDS = 2 * SECONDS  # of one picture: it is stopped at half of that
MOST_RISE = 250_000_000  # bytes of this process
SCANS = "This picture is stored in an unusually costly way"
SAID = {
    "scans: a hundred thousand": SCANS,
    "scans: in an unknown segment": SCANS,
    "large: scans x 1000, RGB": SCANS,
    "segments: 2000000 comments": SCANS,
    "chunks: 1000000 texts": SCANS,
    "chunks: 1000000 empty IDAT": SCANS,
    "segments: a million fill": "This picture is damaged or cut off",
    "webp: canvas 16384 x 16384": "16384 x 16384 px: make it smaller than 100 megapixels",
    "sizes: 0 x 64": "This is not a picture",
    "large: PNG 1 bit of 12000 x 12000": "12000 x 12000 px: make it smaller",
    "little: nothing": "This is not a picture",
    "others: GIF by Pillow": "This is a GIF: export one frame",
}
OPENED = [
    "scans: after the end", "scans: RGB, last x 20", "segments: 3000 comments", "chunks: 900 texts",
    "animations: APNG of 5000 true frames", "animations: WebP of 50000",
    "large: WebP of small frames", "exif: PNG, a loop",
    "profiles: noise, CMYK", "polyglots: JPEG, then an archive",
]  # fmt: skip


def read(
    pictures: dict[str, Callable[[], bytes]], capfd: pytest.CaptureFixture[str]
) -> dict[str, Outcome]:
    """What became of them, which is nothing worse than a sentence."""
    found = dict(outcomes(pictures, fresh=False))
    pool.close()
    assert {name: outcome.said for name, outcome in found.items() if outcome.surprise} == {}
    for name, outcome in found.items():
        assert "\n" not in outcome.said, name
        assert outcome.seconds <= MOST_SECONDS, name
        assert outcome.rise <= MOST_RISE, name
        assert outcome.peak <= MOST_MEMORY, name
    assert capfd.readouterr() == ("", "")
    expected = {name: words for name, words in SAID.items() if name in found}
    assert {name: words for name, words in expected.items() if words not in found[name].said} == {}
    assert [name for name in OPENED if name in found and found[name].said] == []
    return found


def test_there_are_many() -> None:
    assert len(CORPUS) >= 200
    assert {*SAID, *OPENED} <= CORPUS.keys()


CHOSEN = {*list(SMALL)[::6], *SAID, *OPENED}
SOME = {name: make for name, make in SMALL.items() if name in CHOSEN}


@pytest.mark.parametrize("pictures", [SOME, slow(SMALL)], ids=["some", "all"])
def test_small_ones_end_well(
    pictures: dict[str, Callable[[], bytes]], capfd: pytest.CaptureFixture[str]
) -> None:
    found = read(pictures, capfd)
    photos = sum(not outcome.said for outcome in found.values())
    assert len(found) / 4 < photos < len(found) * 3 / 4
    last = rows(found)[-1]
    assert (last["group"], last["files"], last["photos"]) == ("all", len(found), photos)


@pytest.mark.slow
def test_large_ones_end_well(capfd: pytest.CaptureFixture[str]) -> None:
    found = read(LARGE, capfd)
    assert sum(not outcome.said for outcome in found.values()) > 25
