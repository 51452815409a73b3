"""What must not move: the mask term (DragGAN, equation 1, second term)."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from .options import Options
from .patches import gather, offsets


@dataclass(frozen=True)
class MaskLoss:
    """All that must not move.

    Args:
        reference: the features before the drag.
        fixed: the share of each cell that must not move.
        weight: of the mean change of what must not move (see ``Options.mask_form``).
    """

    reference: Float[Tensor, "c h w"]
    fixed: Float[Tensor, "h w"]
    weight: float = 1.0

    @staticmethod
    def of(
        mask: Bool[Tensor, "H W"], reference: Float[Tensor, "c h w"], options: Options
    ) -> "MaskLoss | None":
        """What lies outside the mask; None if nothing does."""
        outside = (~mask)[None, None].to(reference)
        fixed = F.interpolate(outside, reference.shape[1:], mode="area")[0, 0]
        share, disc = float(outside.mean()), len(offsets(options.radius, disc=True))
        forms = {"mean": 1.0, "released": share, "paper": share * mask.numel() / disc}
        weight = options.mask_weight * forms[options.mask_form]
        return MaskLoss(reference, fixed, weight) if share else None

    def term(self, features: Float[Tensor, "c h w"]) -> Float[Tensor, ""]:
        """Mean absolute change of the features over the fixed cells, weighted.

        The mean is over fixed cells only, so that the weight of the term does not depend on how
        much of the picture is fixed.
        """
        change = (features - self.reference).abs().mean(0)
        return self.weight * (change * self.fixed).sum() / self.fixed.sum()


@dataclass(frozen=True)
class SampledMaskLoss:
    """The fixed part in square tiles, of which each step looks at a few.

    A tile is drawn as often as it holds of what is fixed. So the mean over the drawn ones of the
    change in each is, on average, the mask term.

    Args:
        corners: (x, y) of each tile that holds any.
        fixed: the share of each of their cells that must not move.
        reference: the features before the drag, of the whole map.
        share: of the fixed part in each tile.
        count: how many are drawn.
        source: of random numbers.
        weight: of the term, as that of the whole.
    """

    corners: Int[Tensor, "n 2"]
    fixed: Float[Tensor, "n 1 s s"]
    reference: Float[Tensor, "c h w"]
    share: Float[Tensor, " n"]
    count: int
    source: torch.Generator
    weight: float = 1.0

    @staticmethod
    def of(whole: MaskLoss, side: int, count: int) -> "SampledMaskLoss":
        """Tiles of so many cells on each side."""
        fixed = whole.fixed
        rows, columns = (torch.arange(0, length, side) for length in fixed.shape)
        corners = torch.cartesian_prod(columns, rows).to(fixed.device)
        parts = gather(fixed[None], corners, side)
        share = parts.sum((1, 2, 3))
        some = share > 0
        share, source = share[some].cpu(), torch.Generator().manual_seed(0)
        return SampledMaskLoss(
            corners[some], parts[some], whole.reference, share, count, source, whole.weight
        )

    def draw(self) -> Int[Tensor, " k"]:
        """Which tiles to look at."""
        drawn = torch.multinomial(self.share, self.count, True, generator=self.source)
        return drawn.to(self.corners.device)

    def term(self, which: Int[Tensor, " k"], cells: Float[Tensor, "k c s s"]) -> Float[Tensor, ""]:
        """An estimate of the mask term from the features in these tiles."""
        before = gather(self.reference, self.corners[which], cells.shape[2])
        fixed = self.fixed[which]
        change = (cells - before).abs().mean(1, keepdim=True)
        return self.weight * ((change * fixed).sum((1, 2, 3)) / fixed.sum((1, 2, 3))).mean()
