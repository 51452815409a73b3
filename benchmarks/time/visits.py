"""Who comes when, drawn from a seed: for visitors of a server, and for those of a simulation."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Visit:
    """When somebody comes, s, and how long they think before each of their calls."""

    at: float
    thinks: tuple[float, ...]


def at_once(visitors: int, calls: int) -> list[Visit]:
    """All come at the same time, and ask again once they have their answer."""
    return [Visit(0.0, (0.0,) * calls)] * visitors


def poisson(
    per_minute: float, minutes: float, think: float, calls: int, seed: int = 0
) -> list[Visit]:
    """They come independently of each other; ``think``: s on average between calls, exponential."""
    dice, now, visits = np.random.default_rng(seed), 0.0, list[Visit]()
    while (now := now + dice.exponential(60 / per_minute)) < 60 * minutes:
        thinks = dice.exponential(think, calls - 1) if think else np.zeros(calls - 1)
        visits.append(Visit(now, (0.0, *thinks.tolist())))
    return visits
