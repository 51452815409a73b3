"""The process that decodes: quick to start, reused while small, ended whatever happens."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_photo import encode, upright

from photo import PhotoError, read_photo
from photo.decoder import pool, process
from photo.decoder.pool import MOST_WORKERS, Pool
from photo.decoder.process import BEGIN, Worker

ROOT = Path(__file__).parents[2]
SMALL, LARGE = encode(upright()), encode(Image.new("L", (2100, 2000)), compress_level=1)
CHANGED = BEGIN.replace(
    "from decoder.worker import main\nmain()", "from decoder import bounds, worker"
)


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The ids of the processes that were started, in a pool of this test's own."""
    begun: list[int] = []

    def started() -> "subprocess.Popen[bytes]":
        child = start()
        begun.append(child.pid)
        return child

    start = process._started
    monkeypatch.setattr(process, "_started", started)
    monkeypatch.setattr(pool, "_pool", Pool())
    yield begun
    pool.close()
    assert not any(map(is_there, begun))


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int, seconds: float = 120) -> bool:
    """Whether a process that is not our child ends, soon."""
    end = time.monotonic() + seconds
    while is_there(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not is_there(pid)


def bomb() -> bytes:
    """A JPEG whose last scan, of 61 bytes or so, goes over all pixels a thousand times."""
    file = encode(Image.new("L", (6240, 6240), 99), "JPEG", progressive=True)
    last = file.rindex(b"\xff\xda")
    return file[:-2] + file[last:-2] * 1000 + file[-2:]


def test_one_worker_reads_small_pictures_and_is_ended_after_a_large_one(workers) -> None:
    for _ in range(3):
        read_photo(SMALL)
        with pytest.raises(PhotoError):
            read_photo(SMALL[:200])
    assert len(workers) == 1
    assert read_photo(LARGE).shape == (2000, 2100, 3)
    assert not is_there(workers[0])
    read_photo(SMALL)
    assert len(workers) == 2


def test_fifty_pictures_leave_nothing_behind(workers) -> None:
    read_photo(SMALL)
    before = sorted(os.listdir("/proc/self/fd"))
    for number in range(50):
        read_photo(LARGE if number % 10 == 0 else SMALL)
        with pytest.raises(PhotoError):
            read_photo(b"nothing")
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert sum(map(is_there, workers)) == 1  # a zombie would be there, too


def test_few_are_at_work_at_once(workers) -> None:
    most, photos = 0, []

    def read() -> None:
        photos.append(read_photo(LARGE))

    threads = [threading.Thread(target=read) for _ in range(3 * MOST_WORKERS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, sum(map(is_there, list(workers))))
        time.sleep(0.01)
    assert len(photos) == len(threads)
    assert most <= MOST_WORKERS


LIES = {
    "dies": "os.kill(os.getpid(), 11)",
    "ends": "sys.stdin.buffer.read(12)",
    "mumbles": "os.write(1, b'P' * 13)",
    "gives too many px": "os.write(1, struct.pack('<c?II', b'P', 0, 9**6, 9**6))",
    "gives a tile beside": "os.write(1, struct.pack('<c?IIIIII', b'P', 0, 64, 64, 64, 0, 9, 9))",
    "gives an empty tile": "os.write(1, struct.pack('<c?IIIIII', b'P', 0, 64, 64, 0, 0, 0, 0))",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_one_that_dies_or_lies_costs_one_picture(lie: str, monkeypatch) -> None:
    begin = f"import os, struct, sys; os.write(1, b'+'); {lie}"
    with monkeypatch.context() as patch:
        patch.setattr(process, "BEGIN", begin)
        for source in (SMALL, bytes(2**23)):
            with pytest.raises(PhotoError, match="This picture cannot be decoded: save or export"):
                read_photo(source)
    assert np.array_equal(read_photo(SMALL), upright())


def test_one_that_does_not_start_is_said(monkeypatch) -> None:
    monkeypatch.setattr(process, "BEGIN", "raise ImportError")
    with pytest.raises(PhotoError, match="could not start its decoder"):
        read_photo(SMALL)
    monkeypatch.setattr(process.sys, "executable", "/no/python")
    with pytest.raises(PhotoError, match="could not start its decoder"):
        read_photo(SMALL)


def test_one_that_was_killed_while_idle_is_replaced(workers) -> None:
    read_photo(SMALL)
    os.kill(workers[0], signal.SIGKILL)
    while Path(f"/proc/{workers[0]}/stat").read_text().split(")")[1].split()[0] != "Z":
        time.sleep(0.01)
    assert np.array_equal(read_photo(SMALL), upright())


def test_one_that_stops_is_ended_when_its_time_is_up(monkeypatch) -> None:
    monkeypatch.setattr(process, "SECONDS", 0.5)
    monkeypatch.setattr(process, "BEGIN", "import os, time; os.write(1, b'+'); time.sleep(600)")
    with pytest.raises(PhotoError, match="This picture takes too long to decode"):
        read_photo(SMALL)


def test_work_is_limited_where_the_bytes_do_not_tell(monkeypatch) -> None:
    change = "bounds.MOST_SCANS = 9**9; worker.CPU_SECONDS = 1; worker.main()"
    monkeypatch.setattr(process, "BEGIN", CHANGED + change)
    with pytest.raises(PhotoError, match="This picture takes too long to decode"):
        read_photo(bomb())


def test_memory_is_limited(monkeypatch) -> None:
    monkeypatch.setattr(process, "BEGIN", CHANGED + "worker.MOST_MEMORY = 80 << 20; worker.main()")
    with pytest.raises(PhotoError, match="This picture needs too much memory"):
        read_photo(encode(Image.new("RGB", (6000, 6000)), compress_level=1))
    assert np.array_equal(read_photo(SMALL), upright())


def test_whoever_gives_up_leaves_no_worker(workers) -> None:
    def pieces() -> Iterator[bytes]:
        yield SMALL[:100]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), pool.lent() as worker:
        worker.decode(len(SMALL), pieces())
    assert not is_there(workers[0])


def test_it_ends_with_its_input() -> None:
    worker = Worker()
    worker._requests.close()
    assert worker._process.wait(120) == 0
    worker.end()


def test_it_sees_neither_our_secrets_nor_our_sockets(workers, monkeypatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    read_photo(SMALL)
    environment = Path(f"/proc/{workers[0]}/environ").read_bytes()
    assert b"SECRET" not in environment
    open_files = {os.readlink(file) for file in Path(f"/proc/{workers[0]}/fd").iterdir()}
    assert os.readlink(f"/proc/self/fd/{theirs}") not in open_files
    assert len(open_files) == 3  # input, output and /dev/null
    assert Path(f"/proc/{workers[0]}/oom_score_adj").read_text() == "1000\n"  # ends before us
    os.close(ours)
    os.close(theirs)


def test_the_room_is_light() -> None:
    """And starts no process when it is imported."""
    ask = "import sys, photo; print(*sorted({'torch', 'cv2', 'gradio', 'scipy'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)


def run(script: str) -> list[int]:
    """What a program of its own prints, which reads a small picture first."""
    begin = "import os, sys\nfrom photo import read_photo\nfrom photo.decoder import pool\n"
    begin += f"small = {SMALL!r}\n"
    begin += f"large = {LARGE!r}\n"
    begin += "read_photo(small)\ndef pid(): return next(iter(pool._pool._all)).pid\n"
    command = [sys.executable, "-W", "error", "-c", begin + script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    return [int(number) for number in done.stdout.split()]


def test_a_fork_has_a_worker_of_its_own() -> None:
    parents, childs, again, code = run("""
print(pid(), flush=True)
if (child := os.fork()) == 0:
    read_photo(small)
    print(pid(), flush=True)
    os._exit(0)
code = os.waitpid(child, 0)[1]
read_photo(small)
print(pid(), code)
""")
    assert (parents, code) == (again, 0)
    assert childs != parents
    assert gone(parents)
    assert gone(childs)


BUSY = "import threading; threading.Thread(target=read_photo, args=[large]).start(); "


@pytest.mark.parametrize(
    "end", ["sys.exit()", "os._exit(0)", "os.kill(os.getpid(), 9)", BUSY + "os._exit(0)"]
)
def test_it_is_gone_when_its_parent_is(end: str) -> None:
    (worker,) = run(f"print(pid(), flush=True); {end}")
    assert gone(worker)


def test_a_stream_stays_as_it_was() -> None:
    stream = io.BytesIO(SMALL)
    stream.seek(5)
    read_photo(stream)
    assert stream.tell() == 5
    stream.write(b"x")  # and is not locked
