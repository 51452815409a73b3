"""``python -m cli``: the command line without an installation."""

from .main import main

main()
