"""Line search with backtracking, and templates that adapt (FreeDrag, Ling et al., CVPR 2024)."""

from dataclasses import dataclass, replace
from math import log

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .options import Options
from .patches import Patches, offsets
from .start import Start
from .track import track

INNER = 5  # steps towards an aim before it is judged (paper)
PLACES = 10  # looked at in one stride (paper)
STRIDE = 0.25  # d as a share of `search`: 3 of 12 px in a picture of 512 px (paper)
EXPECTED = 0.5
"""l as a share of how much looks change in `search` px, so that it suits any features.

Less is slower; with more the handles move less (drags of the model's faces).
"""
REACHED = 0.5  # share of l below which an aim is reached (paper)


@dataclass(frozen=True)
class FreeDrag:
    """Aims on the straight lines from handles to targets, and the looks to be brought there.

    An aim is judged after a few steps. Reached: the template takes over some of what is there, and
    the next aim is where looks differ from it by what one move may take. Nearer than before: wait.
    Else: back to where the template is found. Aims never leave the lines; where the handles are
    seen around them is for the person who drags, and to tell when to stop.

    Args:
        handles: (x, y) px where what they looked like at the start is seen, near the aims.
        confidence: how much the handles look as at the start, 0 to 1.
        aims: px from each start to where it should be next (h).
        templates: what the handles should look like there (T).
        expected: how much looks may differ when an aim is set (l).
        first: how much they did.
        count: steps since.
    """

    start: Start
    options: Options
    handles: Float[Tensor, "p 2"]
    confidence: Float[Tensor, " p"]
    aims: Float[Tensor, " p"]
    templates: Float[Tensor, "p k c"]
    expected: Float[Tensor, " p"]
    first: Float[Tensor, " p"]
    count: Int[Tensor, " p"]

    @staticmethod
    def begin(start: Start, options: Options) -> "FreeDrag":
        """The handles where they are, and the first aims."""
        none = torch.zeros_like(start.handles[:, 0])
        count = torch.zeros_like(none, dtype=torch.int64)
        looks = start.templates
        new = FreeDrag(start, options, start.handles, none, none, looks, none, none, count)
        ahead = new._looks(start.near, none[:, None] + options.search)
        change = _difference(ahead, start.templates)[:, 0].clamp(min=1e-8)
        first = replace(new, expected=EXPECTED * change).follow(start.near)
        return replace(first, handles=start.handles, confidence=none + 1)

    @property
    def places(self) -> Float[Tensor, "p 2"]:
        """Where the next picture is looked at."""
        return self._points(self.aims[:, None])[:, 0]

    def pull(self, near: Patches) -> Float[Tensor, ""]:
        """How much the looks at the aims differ from the templates; summed over the points."""
        return _difference(self._looks(near, self.aims[:, None]), self._sought()).sum()

    def follow(self, near: Patches) -> "FreeDrag":
        """Find the handles on their lines, and judge the aims that had their time."""
        stride = STRIDE * self.options.search
        steps = torch.arange(-PLACES, PLACES + 1).to(self.aims) * (stride / PLACES)
        length = (self.start.targets - self.start.handles).norm(dim=1, keepdim=True)
        along = (self.aims[:, None] + steps).clamp(min=0).minimum(length)
        looks = self._looks(near, along)
        last = _difference(looks[:, PLACES, None], self._sought())[:, 0]
        reached, count = last <= REACHED * self.expected, self.count + 1
        judged = reached | (count >= INNER)
        blend = (_blend(last, self.expected) * judged)[:, None, None]
        new = replace(self, templates=self.templates.lerp(looks[:, PLACES], blend))
        differ = _difference(looks, new._sought())
        nearest = differ.argmin(1)
        aim = torch.where(judged, self._next(differ, reached, last, nearest), PLACES)
        handles, confidence = track(near, self.places, self.start.templates, self.options)
        return replace(
            new,
            handles=handles,
            confidence=confidence,
            aims=_pick(along, aim),
            first=torch.where(judged, _pick(differ, aim), self.first),
            count=torch.where(judged, 0, count),
        )

    def _next(
        self,
        differ: Float[Tensor, "p n"],
        reached: Bool[Tensor, " p"],
        last: Float[Tensor, " p"],
        nearest: Int[Tensor, " p"],
    ) -> Int[Tensor, " p"]:
        """Which place on each line becomes the aim: advance, wait, or step back."""
        ahead = PLACES + (differ[:, PLACES:] - self.expected[:, None]).abs().argmin(1)
        back = torch.where(last <= self.first, PLACES, nearest)
        return torch.where(reached, ahead, back)

    def _sought(self) -> Float[Tensor, "p k c"]:
        return self.templates.lerp(self.start.templates, self.options.anchor)

    def _points(self, along: Float[Tensor, "p n"]) -> Float[Tensor, "p n 2"]:
        way = self.start.targets - self.start.handles
        unit = way / way.norm(dim=1, keepdim=True)
        return self.start.handles[:, None] + along[..., None] * unit[:, None]

    def _looks(self, near: Patches, along: Float[Tensor, "p n"]) -> Float[Tensor, "p n k c"]:
        disc = offsets(self.options.radius, disc=True).to(along)
        return near.at(self._points(along)[..., None, :] + disc)


def _difference(
    looks: Float[Tensor, "p n k c"], templates: Float[Tensor, "p k c"]
) -> Float[Tensor, "p n"]:
    return (looks - templates[:, None]).abs().mean((2, 3))


def _blend(last: Float[Tensor, " p"], expected: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
    """Lambda: how much of the looks at an aim goes into the template.

    A half where a fifth of the expected difference is left, a tenth where four fifths are.
    """
    return torch.sigmoid(log(9) / 0.6 * (0.2 - last / expected))


def _pick(values: Float[Tensor, "p n *rest"], which: Int[Tensor, " p"]) -> Tensor:
    return values[torch.arange(len(which), device=which.device), which]
