"""How often, and how many times at once, one address may ask."""

import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from .body import Refusal
from .limits import BURST, OPEN_REQUESTS, OPEN_REQUESTS_OF_ALL, REQUESTS_PER_SECOND

MOST_REMEMBERED = 10_000  # addresses; those whose bucket is full are forgotten first


class Traffic:
    """A bucket of tokens for each address, and what is open; used by one thread only."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens that were left, and when
        self._open: Counter[str] = Counter()

    def take(self, address: str, now: float | None = None) -> None:
        """One more request.

        Raises:
            Refusal: there were too many just now.
        """
        now = time.monotonic() if now is None else now
        left, when = self._buckets.pop(address, (float(BURST), now))
        left = min(float(BURST), left + (now - when) * REQUESTS_PER_SECOND)
        self._buckets[address] = (max(0.0, left - 1), now)
        if len(self._buckets) > MOST_REMEMBERED:
            del self._buckets[
                next(iter(self._buckets))
            ]  # the one that has asked for nothing longest
        if left < 1:
            raise Refusal(429, "Too many requests at once: try again in 2 seconds.", 2)

    @contextmanager
    def opened(self, address: str) -> Generator[None]:
        """While a request is not answered.

        Raises:
            Refusal: too many are open.
        """
        if self._open[address] >= OPEN_REQUESTS or self._open.total() >= OPEN_REQUESTS_OF_ALL:
            raise Refusal(429, "Too many tabs or programs are connected: try again later.", 30)
        self._open[address] += 1
        try:
            yield
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
