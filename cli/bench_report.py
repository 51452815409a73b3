"""What a bench has measured: as a table, as figures, and in sentences what to expect of it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from statistics import median

from editor.sheet import Drawn

SMALL, TURNED = 40.0, 15.0  # px between the eyes, and degrees: what is beyond is worth a sentence
WORDS = {
    "torch": "loading torch",
    "model": "loading the model",
    "read": "reading the photo",
    "find": "finding the face",
    "fit": "fitting it",
    "ready": "from the photo until it can be dragged",
    "first": "a drag until its first picture (median)",
    "drag": "a drag to its end (median)",
    "paint": "painting the photo at its own size (median)",
    "frame": "painting the part on the canvas, 512 px",
    "slider": "moving a slider",
    "quick": "a quick fit, for the model's pixels",
}
"""What takes time, in the order of the table."""


@dataclass(frozen=True)
class Trial:
    """A drag: why it ended, after how many steps, px of the model's picture that are left.

    ``first`` is seconds until there is something to be seen, ``seconds`` to the end, ``paint`` of
    the result at the photo's own size.
    """

    drag: str
    end: str
    steps: int
    left: float
    first: float
    seconds: float
    paint: float


@dataclass(frozen=True)
class Seen:
    """The face that is dragged, of so many.

    Args:
        count: of the photo's faces.
        across: its size in px.
        eyes: px between them.
        turned: degrees to a side, about.
    """

    count: int
    across: int
    eyes: int
    turned: int


@dataclass
class Known:
    """All that has been measured so far; a stop loses nothing of it.

    ``face`` is None where none was found, or none was looked for. ``tiles`` are pictures for the
    sheet: the photo, then the results.
    """

    machine: dict[str, object]
    size: tuple[int, int]
    seconds: dict[str, float]
    model: str = ""
    looked: bool = False
    face: Seen | None = None
    trials: list[Trial] = field(default_factory=list)
    tiles: list[Drawn] = field(default_factory=list)
    memory: int | None = None
    done: bool = False

    @property
    def times(self) -> dict[str, float]:
        """Seconds by the names of WORDS, those that are known."""
        found, every = dict(self.seconds), self.trials
        if "fit" in found:
            found["ready"] = sum(found.get(name, 0.0) for name in ("read", "find", "fit"))
        if every:
            found["first"] = median(trial.first for trial in every)
            found["drag"] = median(trial.seconds for trial in every)
            found["paint"] = median(trial.paint for trial in every)
        return {name: round(found[name], 3) for name in WORDS if name in found}

    @property
    def figures(self) -> dict[str, object]:
        """As JSON has them."""
        height, width = self.size
        return {
            "machine": self.machine,
            "photo": {"width": width, "height": height},
            "face": None if self.face is None else asdict(self.face),
            "model": self.model or None,
            "seconds": self.times,
            "drags": [asdict(trial) for trial in self.trials],
            "memory_mb": self.memory,
            "expect": " ".join(expectations(self)),
            "complete": self.done,
        }

    @property
    def captions(self) -> list[str]:
        """Words for the tiles."""
        results = [f"{t.drag}: {t.end}, {t.seconds:.1f} s" for t in self.trials]
        return ["the photo", *results]


def lines(known: Known) -> Iterator[str]:
    """All of it for a terminal."""
    yield from _head(known)
    yield f"\n{'':44}{'seconds':>7}"
    for name, seconds in known.times.items():
        yield f"{WORDS[name]:44}{seconds:7.2f}"
    if known.trials:
        titles = f"{'steps':>6}{'px to go':>10}{'first':>8}{'seconds':>9}{'paint':>8}"
        yield f"\n{'drag':13}{'end':9}{titles}"
    for t in known.trials:
        places = f"{t.steps:6}{t.left:10.1f}{t.first:8.2f}{t.seconds:9.2f}{t.paint:8.2f}"
        yield f"{t.drag:13}{t.end:9}{places}"
    yield ""
    yield from expectations(known)


def _head(known: Known) -> Iterator[str]:
    height, width = known.size
    yield f"machine  {', '.join(f'{name} {value}' for name, value in known.machine.items())}"
    if known.memory is not None:
        yield f"used     {known.memory} MB at most"
    if known.model:
        yield f"model    {known.model}"
    yield f"photo    {width} x {height} px, {height * width / 1e6:.1f} megapixels"
    if known.face is not None:
        yield f"face     {known.face.across} px across, the largest of {known.face.count}"


def expectations(known: Known) -> Iterator[str]:
    """What was measured, and what is known to go wrong, in sentences."""
    times, seconds = known.times, [trial.seconds for trial in known.trials]
    if seconds:
        begin, end = _about(times["first"] + times["frame"]), _about(max(seconds))
        paint = _about(times["paint"])
        yield f"Here a drag shows its first step after {begin} and ends within {end};"
        yield f"the whole photo is painted in {paint}."
    short = [trial.drag for trial in known.trials if trial.end != "arrived"]
    if short:
        yield f"Not all the way: {', '.join(short)}. What is left stays as an arrow, to go on with."
    if known.looked and known.face is None:
        yield "No face was found: these are pulls without a model. What is pressed on bends,"
        yield "nothing turns. A face that is there can be marked: `dragphoto drag --eyes-mouth`."
    if known.face is not None:
        yield from _of_face(known.face)


def _of_face(face: Seen) -> Iterator[str]:
    if face.eyes < SMALL:
        yield f"The face is small, {face.eyes} px between the eyes: lids and lips move coarsely."
    if abs(face.turned) > TURNED:
        yield f"The face is turned by about {abs(face.turned)} degrees: if turned further it may"
        yield "refuse, or its nose swells."
    yield "Glasses and hands are not told from a face: they move as if painted on it. What a head"
    yield "uncovers is made up from what is beside it."


def _about(seconds: float) -> str:
    return "less than 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s"
