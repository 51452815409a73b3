"""A backend for machines that lend a GPU for some seconds at a time: ZeroGPU on Hugging Face.

Each piece of work runs in a process that holds one, and what is changed there is lost: everything
goes in by the arguments and comes out by the items. Who lends decides who is served when.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from editor import models
from editor.backend.job import Job, heard, told
from editor.backend.wire import packed
from editor.machine.shortage import SENTENCE, ShortageError

START = 10  # s until a GPU is ready
LONGEST = 60  # s for which one is lent without asking for more than is usual
SPARE = 4  # s before the end at which a fit stops by itself, to go on with another GPU
MOST_PIECES = 5  # of one fit
STEPS_A_SECOND = 15  # of a fit or a drag; most of a drag is measuring motion, on the CPU
AT_ONCE = 8  # visitors who ask for a GPU
LOST = "The GPU was taken away before the work was done: try again, or choose Quick."
LONG = "This fit takes longer than GPUs are lent for: go on with it, or choose Quick."
NO_ANSWER = "No GPU can be borrowed at the moment: try again in a minute."
MORE = "more"

log = logging.getLogger("dragphoto")
Task = Callable[[Any], Iterator[Any]]


def seconds(job: Job) -> int:
    """For how long to ask for a GPU: visitors have few minutes a day, short work comes first."""
    return min(LONGEST, START + job.steps // STEPS_A_SECOND)


def piece(job: Any) -> Iterator[Any]:
    """Of a packed job what can be done in this time; MORE at the end of a fit that is not done."""
    end = time.monotonic() + seconds(job) - SPARE
    with closing(told(job, None)) as items:
        for item in items:
            yield item
            if job.resumes and time.monotonic() > end:
                yield MORE
                return


@dataclass(frozen=True)
class Lent:
    """Work by borrowers. A fit that needs longer goes on from its checkpoints (``kept``)."""

    task: Task

    def __call__(self, job: Job) -> Generator[Any, None, None]:
        """The items of the job.

        Raises:
            ShortageError: a GPU is lacking, or was taken away.
        """
        models.engine(job.model)  # made here, once: what a borrower makes is lost
        yield from heard(self._pieces(packed(job)), None)

    def _pieces(self, job: Any) -> Generator[Any, None, None]:
        for _ in range(MOST_PIECES):
            ended = True
            try:
                with closing(self.task(job)) as items:  # pyright: ignore[reportArgumentType]
                    for item in items:
                        ended = not (isinstance(item, str) and item == MORE)
                        if ended:
                            yield item
            except Exception as error:
                raise _complaint(error) from error
            if ended:
                return
        raise ShortageError(LONG)


def lent() -> Lent | None:
    """The backend, where the app runs on such machines."""
    try:
        import spaces
    except ModuleNotFoundError:
        return None
    task = spaces.GPU(piece, duration=seconds)
    return None if task is piece else Lent(task)


def _complaint(error: Exception) -> Exception:
    """A ShortageError where a GPU is lacking; the work's own errors arrive by the class's name."""
    if not isinstance(error, gr.Error):
        log.warning("GPUs are not lent", exc_info=error)
        return ShortageError(NO_ANSWER)
    words = str(error.message)
    if error.title != "ZeroGPU worker error":
        return ShortageError(f"There is no GPU for you now. {words.rstrip('. ')}.")
    if words == "GPU task aborted":
        return ShortageError(LOST)
    if words in ("MemoryError", "OutOfMemoryError"):
        return ShortageError(SENTENCE)
    return RuntimeError(f"{words} where a GPU was lent")
