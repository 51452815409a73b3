"""Visitors of a server who ask for pictures, and come as ``visits`` has it."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import httpx
import numpy as np
from PIL import Image

from photo import Photo

from ..visitors import Lost, Refused, Server, Visitor
from .visits import Visit

PSI = 0.8
PER_VISITOR = 1000  # seeds


@dataclass(frozen=True)
class Answer:
    """How one call ended: right, wrong, refused or lost; after how many s, and jobs of others.

    ``begun``: s since the first visitor could come; ``visitor``: the number of who asked.
    """

    how: str
    seconds: float
    jobs: int = 0
    sentence: str = ""
    begun: float = 0.0
    visitor: int = 0


@dataclass(frozen=True)
class Scene:
    """A server, and how its pictures are told from those of others.

    ``capacity``: jobs that it can do in a second; 0 is not known.
    """

    server: Server
    right: Callable[[Photo, int], bool]
    capacity: float = 0.0

    def begun(self) -> int:
        """How many jobs have begun; the real app does not tell."""
        jobs = self.server.folder / "jobs"
        return jobs.stat().st_size if jobs.exists() else 0

    async def asked(
        self, visitor: Visitor, seed: int, session: bool = False, start: float = 0.0
    ) -> Answer:
        """One face of the model; ``start`` is when it all began."""
        begun, before, who = monotonic(), self.begun(), seed // PER_VISITOR
        try:
            (file,) = await visitor.call("render", seed, PSI, session=session)
            with Image.open(io.BytesIO(await visitor.fetch(file))) as image:
                picture = np.asarray(image)
        except (Refused, Lost, httpx.HTTPError, OSError) as error:
            how, sentence = failure(error)
            return Answer(how, monotonic() - begun, 0, sentence, begun - start, who)
        number = int.from_bytes(bytes(picture[0, :4, 1].tolist()), "big") if before else 0
        how, jobs = "right" if self.right(picture, seed) else "wrong", max(0, number - before + 1)
        return Answer(how, monotonic() - begun, jobs, "", begun - start, who)


def failure(error: Exception) -> tuple[str, str]:
    """What a call without an answer counts as, and the sentence that tells why."""
    how = "refused" if isinstance(error, Refused) else "lost"
    return how, f"{type(error).__name__}: {error}"[:200]


async def crowd(scene: Scene, visits: list[Visit], one_address: bool = False) -> list[Answer]:
    """What all of them get."""
    start = monotonic()

    async def one(number: int) -> list[Answer]:
        answers = list[Answer]()
        await asyncio.sleep(visits[number].at)
        visitor = Visitor(scene.server, "127.0.1.1" if one_address else address(number))
        for call, think in enumerate(visits[number].thinks):
            await asyncio.sleep(think)
            seed = PER_VISITOR * number + call
            answers.append(await scene.asked(visitor, seed, start=start))
        await visitor.http.aclose()
        return answers

    every = await asyncio.gather(*map(one, range(len(visits))))
    return [answer for answers in every for answer in answers]


def address(number: int) -> str:
    """One of 250 addresses of this machine."""
    return f"127.0.1.{1 + number % 250}"
