"""How to drag."""

from dataclasses import dataclass, replace
from math import inf
from typing import Literal

Algorithm = Literal["draggan", "freedrag"]
Sized = Literal["each", "norm", "polyak"]
MaskForm = Literal["mean", "paper", "released"]


@dataclass(frozen=True)
class Options:
    """How to drag. Lengths are px of the picture that the edit speaks of.

    Args:
        algorithm: what pulls the handles and finds them again.
        steps: at most so many.
        rate: step size: of "polyak" a share of its own, else in units of the latent.
        sized: whose size is this: "each" coordinate's (Adam), or the root of their mean square
            ("norm", as in AdaGrad-Norm: Ward et al. 2019), so that the latent follows its gradient
            and takes the shortest way; for latents whose units cost the same. "polyak": the loss
            decides, whatever the units are (see ``polyak``).
        radius: disc around a handle whose features are pulled (r1).
        compared: px of it that are compared to find the handle again.
        search: square around a handle in which it is found again (r2), at least 1; FreeDrag
            advances by a quarter of it at once (d).
        anchor: share of its first looks, not its last (FreeDrag: its template), in what a handle
            is pulled towards; half as much from each step on that brings the handles no nearer.
        track_penalty: cost of a px away from the last place (FreeDrag: the aim), as a share of the
            template.
        mask_weight: weight of stillness outside the mask against motion (lambda).
        mask_form: what is weighted: the mean change of what must not move; its sum over px, as the
            "paper" writes it (and motion as a sum, too); or this sum as a share of the whole
            picture, as the code "released" with the paper has it.
        mask_windows: so many parts of what must not move are looked at in each step, chosen at
            random; 0: all of it, which is exact and slower.
        prior_weight: pull of the latent towards where it started.
        arrive: a handle this close to its target has arrived (twice that with many points).
        patience: steps without progress after which the drag counts as stuck.
    """

    algorithm: Algorithm = "draggan"
    steps: int = 120
    rate: float = 2e-3
    sized: Sized = "each"
    radius: float = 3.0
    compared: float = inf
    search: float = 12.0
    anchor: float = 0.0
    track_penalty: float = 0.0
    mask_weight: float = 20.0
    mask_form: MaskForm = "mean"
    mask_windows: int = 0
    prior_weight: float = 0.0
    arrive: float = 1.0
    patience: int = 40

    def scaled(self, factor: float) -> "Options":
        """The same for a picture that is larger by this factor."""
        names = ("radius", "compared", "search", "arrive")
        lengths = {name: factor * getattr(self, name) for name in names}
        lengths["search"] = max(1.0, lengths["search"])
        return replace(self, **lengths, track_penalty=self.track_penalty / factor)
