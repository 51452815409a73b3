"""The figures in Prometheus' text format; the only module that needs its library."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.responses import Response

from editor.backend.figures import BOUNDS, Seconds

from .gpu import FIGURES, LONG, SHORT
from .page.tabs import OPEN_TABS

LINES = {"short": SHORT, "long": LONG}
LABELS = [*map(str, BOUNDS), "+Inf"]


class Figures(Collector):
    """What is known when somebody asks; each label has few values, and none is a visitor's."""

    def collect(self) -> Iterator[Metric]:
        """All but what is known of the process."""
        yield from _lines()
        pieces = CounterMetricFamily(
            "dragphoto_pieces",
            "Pieces of work, by how they ended.",
            labels=["kind", "model", "ended"],
        )
        for labels, count in list(FIGURES.ended.items()):
            pieces.add_metric(labels, count)
        yield pieces
        yield _histogram("step", "Seconds until a step is done.", "kind", FIGURES.steps.copy())
        fits = CounterMetricFamily(
            "dragphoto_fits", "Fits of the page: on disk already, or not.", labels=["found"]
        )
        for found in (False, True):
            fits.add_metric([str(found).lower()], FIGURES.found[found])
        yield fits
        tabs, size = OPEN_TABS.count()
        yield GaugeMetricFamily("dragphoto_tabs", "Open tabs.", tabs)
        yield GaugeMetricFamily("dragphoto_photo_bytes", "Of the photos of all tabs.", size)


def _lines() -> Iterator[Metric]:
    waiting = GaugeMetricFamily("dragphoto_line_waiting", "Pieces that wait.", labels=["line"])
    working = GaugeMetricFamily("dragphoto_line_working", "Pieces at work.", labels=["line"])
    for name, line in LINES.items():
        for family, count in zip((waiting, working), line.count(), strict=True):
            family.add_metric([name], count)
    yield waiting
    yield working
    waited = {name: line.waited for name, line in LINES.items()}
    yield _histogram("wait", "Seconds in line before work.", "line", waited)


def _histogram(what: str, words: str, label: str, known: dict[str, Seconds]) -> Metric:
    family = HistogramMetricFamily(f"dragphoto_{what}_seconds", words, labels=[label])
    for name, seconds in known.items():
        counts, total = seconds.read()
        family.add_metric([name], list(zip(LABELS, accumulate(counts), strict=True)), total)
    return family


REGISTRY = CollectorRegistry()
REGISTRY.register(Figures())
ProcessCollector(registry=REGISTRY)


def figures() -> Response:
    """The answer to who asks for them."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_PLAIN_0_0_4)
