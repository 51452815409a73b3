"""``python -m editor``: the command line without an installation."""

from .cli import main

main()
