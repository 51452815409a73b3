"""How a tab names itself, so that it is found again after a reload."""

import re
from typing import Any, NamedTuple

NAME = re.compile(r"[0-9a-f]{32}|")


class Tab(NamedTuple):
    """What a page says of its tab: random names of 128 bits that the browser makes.

    Args:
        name: of the tab, from now on; whoever knows it is that tab.
        before: the name of the tab that it goes on with: its own after a reload, that of another
            if the tab is a copy, "" if it is new.
        page: of this load of the page; what an older one says about the tab does not count.
    """

    name: str = ""
    before: str = ""
    page: str = ""


NEW_TAB = Tab()


def read_tab(value: object) -> Tab | None:
    """The tab that was sent, [name, before, page], or less of it; None if it is something else."""
    parts: list[Any] = [] if value is None else value if isinstance(value, list) else [value]
    named = all(isinstance(part, str) and NAME.fullmatch(part) for part in parts)
    return Tab(*parts) if named and len(parts) <= 3 else None
