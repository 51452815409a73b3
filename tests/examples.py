"""How many examples Hypothesis tries: all of them for `make test-all`, else fewer."""

import os

from hypothesis import settings

SHARE = 1.0 if os.environ.get("HYPOTHESIS_PROFILE") == "all" else 0.2


def examples(count: int) -> settings:
    """This many, or as large a share of them as there is time for."""
    return settings(max_examples=max(1, round(SHARE * count)))


settings.register_profile("all", max_examples=20, deadline=None, derandomize=True)
settings.register_profile("quick", settings.get_profile("all"), max_examples=8)
settings.load_profile("all" if SHARE == 1 else "quick")
