"""The stub's work: done in other processes, told apart, and counted."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import stub_work
from benchmarks.stub_work import Pause
from editor.backend.job import Job
from editor.backend.processes import Workers
from editor.elastic import NONE

JOBS = 8
ROOT = Path(__file__).parents[2]


def test_jobs_of_several_processes_are_counted_as_one_row(tmp_path: Path) -> None:
    pause, workers = Pause(0.01, tmp_path / "jobs"), Workers(2)

    def asked(seed: int) -> tuple[int, int]:
        (picture,) = workers(Job(NONE, stub_work.picture, (seed, pause)))
        return stub_work.read(picture)

    try:
        with ThreadPoolExecutor(4) as visitors:
            told = list(visitors.map(asked, range(JOBS)))
    finally:
        workers.close()
    assert [seed for seed, _ in told] == list(range(JOBS))
    assert sorted(number for _, number in told) == list(range(JOBS))
    assert pause.jobs.stat().st_size == JOBS


def test_who_does_the_work_needs_no_page() -> None:
    script = "import sys, benchmarks.stub_work; print({'gradio', 'app', 'ui'} & {*sys.modules})"
    words = [sys.executable, "-c", script]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
