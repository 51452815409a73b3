"""When a fit has to stop, so that it ends in time."""

import time
from collections import deque
from collections.abc import Sequence
from statistics import mean

RECENT = 3  # items: how long the next one takes is told from their mean


class Deadline:
    """Whether the next step, and a picture of the whole to show what was found, end in time.

    Args:
        seconds: that the fit may take,
        costs: the operations of each step,
        picture: and of a whole picture.
        begun: ``time.monotonic()`` when it began.
    """

    def __init__(self, seconds: float, costs: Sequence[int], picture: int, begun: float):
        self.seconds, self.costs, self.picture, self.begun = seconds, costs, picture, begun
        self.last, self.paces = time.monotonic(), deque[float](maxlen=RECENT)

    def spent(self, step: int) -> float:
        """The share of the seconds after an item of this step; 1 if another would end too late."""
        now = time.monotonic()
        self.paces.append((now - self.last) / self.costs[step])
        self.last = now
        ahead = self.costs[min(step + 1, len(self.costs) - 1)] + self.picture
        end = now - self.begun + mean(self.paces) * ahead
        return 1.0 if end > self.seconds else (now - self.begun) / self.seconds
