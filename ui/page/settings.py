"""What can be set under Advanced, and what it means for a fit and a drag."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import isnan
from typing import Any, Literal

from drag import EditError, Options
from editor.dragger import DRAG_OPTIONS, Space
from editor.session_file import Facts
from editor.view import Pixels
from inversion import BUDGETS, InvertOptions, budget, budget_for

Algorithm = Literal["draggan", "freedrag"]
LIMITS = {
    "steps": (10, 300, 10), "rate": (0.005, 0.1, 0.005), "radius": (1, 6, 0.5),
    "search": (1, 12, 0.5), "mask_weight": (0, 20, 0.5),
}  # fmt: skip
"""Least, most, and the step between two values that the page offers."""


@dataclass(frozen=True)
class Settings:
    """One field for each part of the page under Advanced, in the order of the page.

    Args:
        steps: of a drag, at most.
        rate: step size, in standard deviations of the latent.
        radius: px, of a picture of OPTIONS_SIDE px, that are pulled around a handle (r1).
        search: such px around a handle in which it is found again (r2).
        mask_weight: how hard the part that may not move is held.
        space: whether the layers of the latent move one by one ("w+") or together ("w").
        algorithm: how handles are pulled and followed.
        budget: how much work a fit is worth, see inversion/invert.py.
        seed: of a random face and of a fit; None: another face each time.
    """

    steps: int = DRAG_OPTIONS.steps
    rate: float = DRAG_OPTIONS.rate
    radius: float = DRAG_OPTIONS.radius
    search: float = DRAG_OPTIONS.search
    mask_weight: float = DRAG_OPTIONS.mask_weight
    space: Space = "w+"
    algorithm: Algorithm = "draggan"
    budget: str = "geometry"
    seed: int | None = None

    @staticmethod
    def of(values: Sequence[Any]) -> "Settings":
        """What the page says, or a file; what is beyond the limits is moved to them.

        Raises:
            EditError: a field is empty or no number.
        """
        names = [field.name for field in fields(Settings)]
        said: dict[str, Any] = dict(zip(names, values, strict=True))
        try:
            for name, (least, most, _) in LIMITS.items():
                number, kind = float(said[name]), type(getattr(Settings, name))
                if isnan(number):
                    raise ValueError("not a number")
                said[name] = kind(min(max(number, least), most))
            said["seed"] = None if said["seed"] is None else int(said["seed"]) % 2**31
        except (TypeError, ValueError, OverflowError) as error:
            raise EditError("A field under Advanced is empty: put a number in it.") from error
        said["space"] = "w" if said["space"] == "w" else "w+"
        said["algorithm"] = "freedrag" if said["algorithm"] == "freedrag" else "draggan"
        said["budget"] = said["budget"] if said["budget"] in BUDGETS else "geometry"
        return Settings(**said)

    def drag(self) -> Options:
        """For a drag."""
        return replace(
            DRAG_OPTIONS, steps=self.steps, rate=self.rate, radius=self.radius,
            search=self.search, mask_weight=self.mask_weight, algorithm=self.algorithm,
        )  # fmt: skip

    def invert(self) -> InvertOptions:
        """For a fit."""
        return budget(self.budget, self.seed or 0)

    def showing(self, pixels: Pixels) -> "Settings":
        """For these pixels: the model's need a closer fit."""
        return replace(self, budget=budget_for(self.budget, pixels == "generated"))

    def screen(self) -> dict[str, Any]:
        """What the page shows under Advanced."""
        return asdict(self)

    def facts(self) -> Facts:
        """For a file."""
        kept = {f"setting.{name}": value for name, value in asdict(self).items()}
        return {name: value for name, value in kept.items() if value is not None}

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> "Settings":
        """The settings that a file holds; the defaults for those that it lacks."""
        known = asdict(Settings()).items()
        return Settings.of([facts.get(f"setting.{name}", value) for name, value in known])
