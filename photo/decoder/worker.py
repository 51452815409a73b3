"""The process that decodes: files come in at stdin, pixels or a sentence go out at stdout.

It ends with its stdin, or by the system's hand when it takes more than its limits.
"""

import os
import signal
import sys
import warnings
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from .bounds import DAMAGED, PhotoError
from .decode import opened, upright
from .protocol import ANSWER, LENGTH, PHOTO, PLACE, READY, SENTENCE

try:
    import resource
except ModuleNotFoundError:  # Windows: whoever asks limits the time, and nobody the memory
    resource = None

CPU_SECONDS = 20  # for one picture; 100 megapixels take 2 to 10
MOST_MEMORY = 10**9  # bytes; a lossless WebP of 40 megapixels takes 0.7 GB
SMALL = 4_000_000  # px of a picture, and bytes of a file, that leave a worker small
TOO_MUCH = "This picture needs too much memory: make it smaller, or save it again as JPEG or PNG."


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks
    warnings.simplefilter("ignore")
    _limit_for_good()
    answers.write(READY)
    answers.flush()
    requests = sys.stdin.buffer
    while len(length := requests.read(LENGTH.size)) == LENGTH.size:
        (wanted,) = LENGTH.unpack(length)
        _limit_time()
        file = requests.read(wanted)
        if len(file) < wanted:
            return
        _answer(file, answers)
        answers.flush()


def _answer(file: bytes, answers: BinaryIO) -> None:
    large = len(file) > SMALL
    try:
        image = opened(file)
        large = large or image.width * image.height > SMALL
        (*size, channels), tiles = upright(image)
        first = next(tiles)  # what cannot be converted fails here
    except PhotoError as error:
        return _say(str(error), large, answers)
    except MemoryError:
        return _say(TOO_MUCH, True, answers)
    except Exception:  # whatever a decoder finds wrong with a picture
        return _say(DAMAGED, large, answers)
    (kind,) = (kind for kind, count in PHOTO.items() if count == channels)
    answers.write(ANSWER.pack(kind, large, *size))
    for place, pixels in chain([first], tiles):
        answers.write(PLACE.pack(*place))
        answers.write(pixels)


def _say(sentence: str, large: bool, answers: BinaryIO) -> None:
    text = sentence.encode()
    answers.write(ANSWER.pack(SENTENCE, large, len(text), 0) + text)


def _limit_for_good() -> None:
    """Little memory; no file is written, and none is left behind by a crash.

    Where all memory is taken, this process is ended before the one that asks.
    """
    with suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text("1000")
    if resource is None:
        return
    limits = (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    )
    for limit, most in limits:
        with suppress(OSError, ValueError):  # the system has none of it, or less
            resource.setrlimit(limit, (most, most))


def _limit_time() -> None:
    """So many more seconds of work, even if nobody is there any more to end it."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
