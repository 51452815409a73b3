"""Adaptive templates, line search with backtracking (FreeDrag: Ling et al., CVPR 2024)."""

from dataclasses import dataclass, replace
from math import log

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .options import Options
from .patches import Patches, offsets
from .reference import Reference
from .track import track

INNER_STEPS = 5  # towards a position before it is judged (paper)
CANDIDATES = 10  # positions looked at in one stride (paper)
STRIDE = 0.25  # d as a share of `search`: 3 of 12 px in a picture of 512 px (paper)
EXPECTED = 0.5
"""l as a share of how much the features change in `search` px, so that it suits any features.

Less is slower; with more the handles move less (drags of the model's faces).
"""
REACHED = 0.5  # share of l below which a position is reached (paper)


@dataclass(frozen=True)
class FreeDrag:
    """Positions on the straight lines from handles to targets, where templates should be seen.

    With F(h) the features of the disc around a position h, T the template, L = |F(h) - T|, and l
    and d below, the paper's rules are, once a position has been reached or had its steps:

        T <- lambda F(h) + (1 - lambda) T, lambda = 1 / (1 + exp(alpha (L_end - beta)))
        h <- the candidate up to d ahead where L is nearest to l    if L_end <= REACHED l
             h                                                       else if L_end <= L_ini
             the candidate up to d ahead or back where L is least    else (backtracking)

    Handles are where the start is seen near h: for the person who drags, and to tell when to stop.

    Args:
        reference: the picture before the drag.
        options: ``search`` gives d, the stride.
        handles: (x, y) px.
        confidence: how much they look as at the start, 0 to 1.
        positions: px from each start along its line (h).
        templates: of each point (T).
        expected: the difference that a new position is chosen for (l).
        initial: the difference when the position was chosen (L_ini).
        count: steps since.
    """

    reference: Reference
    options: Options
    handles: Float[Tensor, "p 2"]
    confidence: Float[Tensor, " p"]
    positions: Float[Tensor, " p"]
    templates: Float[Tensor, "p k c"]
    expected: Float[Tensor, " p"]
    initial: Float[Tensor, " p"]
    count: Int[Tensor, " p"]

    @staticmethod
    def begin(reference: Reference, options: Options) -> "FreeDrag":
        """The handles where they are, and the first positions."""
        handles, templates, patches = reference.handles, reference.templates, reference.patches
        zero = torch.zeros_like(handles[:, 0])
        new = FreeDrag(reference, options, handles, zero, zero, templates, zero, zero, zero.long())
        ahead = new._features(patches, zero[:, None] + options.search)
        change = _difference(ahead, templates)[:, 0].clamp(min=1e-8)
        first = replace(new, expected=EXPECTED * change).track(patches)
        return replace(first, handles=handles, confidence=zero + 1)

    @property
    def places(self) -> Float[Tensor, "p 2"]:
        """Where the next picture is looked at."""
        return self._points(self.positions[:, None])[:, 0]

    def loss(self, patches: Patches) -> Float[Tensor, ""]:
        """L at the positions, summed over the points."""
        return _difference(self._features(patches, self.positions[:, None]), self._wanted()).sum()

    def track(self, patches: Patches) -> "FreeDrag":
        """Find the handles, and judge the positions that are reached or had their steps."""
        stride = STRIDE * self.options.search / CANDIDATES
        steps = torch.arange(-CANDIDATES, CANDIDATES + 1).to(self.positions) * stride
        length = (self.reference.targets - self.reference.handles).norm(dim=1, keepdim=True)
        along = (self.positions[:, None] + steps).clamp(min=0).minimum(length)
        features = self._features(patches, along)
        final = _difference(features[:, CANDIDATES, None], self._wanted())[:, 0]
        reached, count = final <= REACHED * self.expected, self.count + 1
        judged = reached | (count >= INNER_STEPS)
        rate = (_update_rate(final, self.expected) * judged)[:, None, None]
        new = replace(self, templates=self.templates.lerp(features[:, CANDIDATES], rate))
        differ = _difference(features, new._wanted())
        ahead = (differ[:, CANDIDATES:] - self.expected[:, None]).abs().argmin(1) + CANDIDATES
        back = torch.where(final <= self.initial, CANDIDATES, differ.argmin(1))
        chosen = torch.where(judged, torch.where(reached, ahead, back), CANDIDATES)
        handles, confidence = track(patches, self.places, self.reference.templates, self.options)
        return replace(
            new,
            handles=handles,
            confidence=confidence,
            positions=along.gather(1, chosen[:, None])[:, 0],
            initial=torch.where(judged, differ.gather(1, chosen[:, None])[:, 0], self.initial),
            count=torch.where(judged, 0, count),
        )

    def _wanted(self) -> Float[Tensor, "p k c"]:
        return self.templates.lerp(self.reference.templates, self.options.anchor)

    def _points(self, along: Float[Tensor, "p n"]) -> Float[Tensor, "p n 2"]:
        way = self.reference.targets - self.reference.handles
        unit = way / way.norm(dim=1, keepdim=True)
        return self.reference.handles[:, None] + along[..., None] * unit[:, None]

    def _features(self, patches: Patches, along: Float[Tensor, "p n"]) -> Float[Tensor, "p n k c"]:
        disc = offsets(self.options.radius, disc=True).to(along)
        return patches.at(self._points(along)[..., None, :] + disc)


def _difference(
    features: Float[Tensor, "p n k c"], templates: Float[Tensor, "p k c"]
) -> Float[Tensor, "p n"]:
    return (features - templates[:, None]).abs().mean((2, 3))


def _update_rate(final: Float[Tensor, " p"], expected: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
    """Lambda, with alpha = ln 9 / (0.6 l), beta = 0.2 l: 0.5 at L_end = 0.2 l, 0.1 at 0.8 l."""
    return torch.sigmoid(log(9) / 0.6 * (0.2 - final / expected))
