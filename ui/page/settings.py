"""What can be set under Advanced, and what it means for a fit and a drag."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import isnan
from typing import Any, get_args

from drag import Algorithm, EditError
from drag.options import MaskForm
from editor.search import GEOMETRY, NAMED, SUITED, Preset, Search, Space
from editor.session_file import Facts
from editor.view import Pixels
from inversion import BUDGETS, InvertOptions, budget, budget_for

LIMITS = {
    "steps": (10, 300, 10), "rate": (0.1, 10, 0.1), "radius": (1, 24, 0.5),
    "search": (4, 48, 0.5), "mask_weight": (0, 40, 0.5), "truncation_psi": (0, 1.5, 0.05),
}  # fmt: skip
"""Least, most, and the step between two values that the page offers."""
WORDS = {
    "preset": get_args(Preset), "space": get_args(Space), "mask_form": get_args(MaskForm),
    "algorithm": get_args(Algorithm), "budget": tuple(BUDGETS),
}  # fmt: skip
"""What the other fields may say."""


@dataclass(frozen=True)
class Settings:
    """One field for each part of the page under Advanced, in the order of the page.

    Args:
        preset: whose the settings of a drag are: the model's, or the paper's.
        space: what of the latent moves.
        steps: of a drag, at most.
        rate: step size, a multiple of the preset's.
        radius: px, of a picture of OPTIONS_SIDE px, that are pulled around a handle (r1).
        search: such px around a handle in which it is found again (r2).
        mask_weight: how hard the part that may not move is held (lambda).
        mask_form: what is weighted by it.
        algorithm: how handles are pulled and followed.
        budget: how much work a fit is worth, see inversion/invert.py.
        seed: of a random face and of a fit; None: another face each time.
        truncation_psi: of a random face: 0 is the mean one.
    """

    preset: Preset = "model"
    space: Space = GEOMETRY.space
    steps: int = GEOMETRY.options.steps
    rate: float = 1.0
    radius: float = GEOMETRY.options.radius
    search: float = GEOMETRY.options.search
    mask_weight: float = GEOMETRY.options.mask_weight
    mask_form: MaskForm = GEOMETRY.options.mask_form
    algorithm: Algorithm = GEOMETRY.options.algorithm
    budget: str = "geometry"
    seed: int | None = None
    truncation_psi: float = 0.8

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
            said["seed"] = int(said["seed"] or 0) % 2**31 or None  # an empty field shows 0
        except (TypeError, ValueError, OverflowError) as error:
            raise EditError("A field under Advanced is empty: put a number in it.") from error
        for name, words in WORDS.items():
            said[name] = said[name] if said[name] in words else getattr(Settings, name)
        return Settings(**said)

    def drag(self, preset: Search) -> Search:
        """For a drag of a model that has this preset."""
        named = {name: getattr(self, name) for name in NAMED}
        return preset.changed(self.rate, self.space, **named)

    @staticmethod
    def suited(preset: Search) -> dict[str, Any]:
        """What the page shows under Advanced for a model that has this preset; the rest stays."""
        named = {name: getattr(preset.options, name) for name in SUITED}
        return {"space": preset.space, "rate": 1.0, **named}

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
        """The settings that a file holds; the defaults for those that it lacks.

        Files without a preset are older: what they call a rate is something else.
        """
        known = asdict(Settings()).items()
        facts = facts if "setting.preset" in facts else {}
        return Settings.of([facts.get(f"setting.{name}", value) for name, value in known])
