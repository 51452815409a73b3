"""A worker of processes.py: ``python -m editor.backend.worker NUMBER ADDRESS``."""

import signal
import sys
from multiprocessing.connection import Connection

from ..machine.cores import use_well
from .processes import serve
from .store import Store


def main() -> None:
    """Work until the line with this number is closed; the store is at the address."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the page, which ends its workers
    use_well()
    try:
        serve(Connection(int(sys.argv[1])), Store(sys.argv[2]))
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    main()
