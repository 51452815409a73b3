"""All benchmarks by one command; what needs more than there is, is not run and says so.

    python -m benchmarks --list
    python -m benchmarks --quick --json results.json
    python -m benchmarks --photos FOLDER --only real landmarks --json results.json
    python -m benchmarks.page results.json docs/results.md
    python -m benchmarks.compare a.json b.json

``--quick`` needs nothing but the repository, and at most ten minutes on two cores. Ctrl-C ends the
benchmark that runs and keeps what is done; the file is written after each. What runs is in runs.py.

All of it takes many hours. It can be measured in parts: runs that a file of this machine and these
versions holds stay there until they are measured again. One that fails now replaces its figures,
too; one that is not run does not.
"""

import argparse
import signal
import sys
from pathlib import Path

from .figures import markdown
from .results import ResultsError, begin, put
from .runner import FAILED, NOT_RUN, Job, Outcome, job, outcomes
from .runs import GIVEN, GROUPS, RUNS, Run


def arguments() -> tuple[argparse.Namespace, list[Run]]:
    """(what is asked for, the runs that are)."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small, with what the repository has")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="runs, or groups of them")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--json", type=Path, help="file for the results; what it holds stays")
    for name, what in GIVEN.items():
        parser.add_argument(f"--{name}", type=Path, help=what)
    args = parser.parse_args()
    unknown = {*(args.only or [])} - {run.name for run in RUNS} - {*GROUPS}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: see --list")
    if not (args.list or args.json):
        parser.error("where to? --json FILE")
    only = {*(args.only or GROUPS)}
    return args, [run for run in RUNS if only & {run.name, run.group}]


def listed(runs: list[Run]) -> str:
    """A table of what there is."""
    return markdown(
        [
            {
                "group": run.group,
                "name": run.name,
                "quick": "" if run.quick is None else "yes",
                "measures": run.measures,
                "with": " ".join([run.words, *run.on]),
            }
            for run in runs
        ]
    )


def told(each: Job, outcome: Outcome, stays: bool) -> str:
    """What became of it, in a line."""
    for why in (NOT_RUN, FAILED):
        if why in outcome:
            return f"{each.name}: {why}: {outcome[why]}{'; its figures stay' if stays else ''}"
    return f"{each.name}: {outcome['seconds']} s"


def main() -> None:
    """Run, write after each."""
    args, runs = arguments()
    if args.list:
        print(listed(runs))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = {name: path.absolute() for name in GIVEN if (path := getattr(args, name))}
    jobs = [job(run, args.quick, given) for run in runs]
    facts = {run.name: {"group": run.group, "measures": run.measures} for run in runs}
    failed = False
    try:
        begin(args.json)
        for number, (each, outcome) in enumerate(outcomes(jobs), 1):
            failed |= FAILED in outcome
            entry = {**facts[each.name], "quick": args.quick, **outcome}
            stays = not put(args.json, each.name, entry)
            print(f"[{number}/{len(jobs)}] {told(each, outcome, stays)}", flush=True)
    except ResultsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    sys.exit(failed)


if __name__ == "__main__":
    main()
