"""StyleGAN2's generator: ws -> features and picture (Karras et al. 2020, skip architecture)."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from typing import Literal, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import Config, ws_up_to
from .layers import StyleConv, ToRGB
from .mapping import Mapping
from .regions import WHOLE, Gather, Region, WindowPlan, add

Noise = Literal["const", "none"]


class Block(nn.Module):
    """One resolution: up-convolution (not at 4 px), convolution, and its share of the picture."""

    def __init__(self, config: Config, resolution: int):
        super().__init__()
        channels, w_dim = config.channels(resolution), config.w_dim
        if resolution == 4:
            self.const = nn.Parameter(torch.randn(channels, 4, 4))
        else:
            below = config.channels(resolution // 2)
            self.conv0 = StyleConv(below, channels, w_dim, resolution, up=True)
        self.conv1 = StyleConv(channels, channels, w_dim, resolution, up=False)
        self.torgb = ToRGB(channels, w_dim)
        self.clamp = config.conv_clamp

    def forward(
        self,
        x: Float[Tensor, "m c h w"] | None,
        ws: Float[Tensor, "n k w_dim"],
        noise: Noise,
        region: Region | None = None,
    ) -> Float[Tensor, "n2 c2 h2 w2"]:
        """The features of this block from those of the block below (None at 4 px)."""
        w = ws.unbind(1)
        if x is None:
            x = self.const.expand(ws.shape[0], -1, -1, -1)
        elif region is None:
            x = self._style(self.conv0, x, w[0], noise)
        else:
            x = self._style(self.conv0, region.below(x), w[0], noise, region.wide)
            return self._style(self.conv1, region.narrow(x), w[-2], noise, region.inner)
        return self._style(self.conv1, x, w[-2], noise)

    def _style(
        self, layer: StyleConv, x: Tensor, w: Tensor, noise: Noise, gather: Gather | None = None
    ) -> Tensor:
        """A whole map, or windows of it whose input holds its halo."""
        cells = layer.noise_const[None]
        if gather is not None:
            cells = gather(cells[None])[:, 0]
        kept, pad = cells if noise == "const" else None, int(gather is None)
        x = cast(Tensor, layer(x, w, kept, self.clamp, pad))
        return x if gather is None else gather.inside(x, layer.noise_const.shape[0])


class Synthesis(nn.ModuleDict):
    """Blocks ``b4``, ``b8``, ... up to the resolution."""

    def __init__(self, config: Config):
        super().__init__()
        for resolution in config.blocks:
            self[f"b{resolution}"] = Block(config, resolution)


class Generator(nn.Module):
    """z -> w -> features -> picture. Parameter names are those of published StyleGAN2 weights."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.mapping = Mapping(config)
        self.synthesis = Synthesis(config)

    def style(
        self,
        z: Float[Tensor, "n z"],
        truncation_psi: float = 1.0,
        label: Float[Tensor, "n c"] | None = None,
    ) -> Float[Tensor, "n layers w_dim"]:
        """z -> ws: one w, repeated for all layers. A conditional generator takes a ``label``."""
        w = cast(Tensor, self.mapping(z, truncation_psi, label))
        return w[:, None].expand(-1, self.config.num_ws, -1)

    def layers(self) -> Iterator[StyleConv]:
        """The modulated 3x3 convolutions, in the order of their ws."""
        for side in self.config.blocks:
            block = self._block(side)
            yield from (block.conv1,) if side == 4 else (block.conv0, block.conv1)

    def block(
        self,
        side: int,
        below: Float[Tensor, "m c h w"] | None,
        ws: Float[Tensor, "n layers w_dim"],
        noise: Noise = "const",
        region: Region | None = None,
    ) -> Float[Tensor, "n2 c2 h2 w2"]:
        """The features of one block from those of the block below (None for the first).

        Exact for the whole map, and for the windows of a ``region``. Of any other window of the map
        below (without noise) it gives that window; its cells next to an edge that is not the
        picture's are wrong, because zeros stand for their neighbours.
        """
        index = self.config.blocks.index(side)
        return cast(Tensor, self._block(side)(below, _share(ws, index), noise, region))

    def colours(
        self,
        side: int,
        features: Float[Tensor, "n c h w"],
        ws: Float[Tensor, "n layers w_dim"],
        below: Float[Tensor, "n 3 h2 w2"] | None,
    ) -> Float[Tensor, "n 3 h w"]:
        """The picture up to one block, from its features and the picture up to the block below."""
        block = self._block(side)
        return add(below, block.torgb(features, ws[:, ws_up_to(side)], block.clamp))

    def maps(
        self,
        ws: Float[Tensor, "n layers w_dim"],
        noise: Noise = "const",
        resolution: int | None = None,
        plan: WindowPlan = WHOLE,
    ) -> Iterator[tuple[int, Tensor]]:
        """(side, features [n c side side]) of each block from 4 px up, each made when asked for.

        One pass for several readers: ``maps = dict(g.maps(ws))``, then ``g.picture(maps, ws)`` and
        ``CoordinateHead``'s ``head(maps, ws)``. The last block is that of ``resolution``; where
        the plan has windows, it is these instead of the whole map.
        """
        features = None
        for side in self.config.blocks:
            features = self.block(side, features, ws, noise, plan.regions.get(side))
            yield side, features
            if side == resolution:
                return

    def features(
        self, ws: Float[Tensor, "n layers w_dim"], resolution: int, noise: Noise = "const"
    ) -> Float[Tensor, "n c r r"]:
        """The feature maps that the block of this resolution ends with."""
        if resolution not in self.config.blocks:
            raise ValueError(f"There is no block of {resolution} px in this generator.")
        *_, (_, features) = self.maps(ws, noise, resolution)
        return features

    def picture(
        self, maps: MappingOf[int, Tensor], ws: Float[Tensor, "n layers w_dim"]
    ) -> Float[Tensor, "n 3 r r"]:
        """The picture from the features of all blocks, or of those up to some side."""
        picture = None
        for side, features in maps.items():
            picture = self.colours(side, features, ws, picture)
        assert picture is not None
        return picture

    def forward(
        self,
        ws: Float[Tensor, "n layers w_dim"],
        noise: Noise = "const",
        resolution: int | None = None,
    ) -> Float[Tensor, "n 3 r r"]:
        """The picture in [-1, 1], not clipped; a preview of ``resolution`` px if that is given."""
        picture: Tensor | None = None
        for side, features in self.maps(ws, noise):
            picture = self.colours(side, features, ws, picture)
            if resolution is not None and 2 * side > resolution:
                break
        assert picture is not None
        return picture

    def _block(self, side: int) -> Block:
        return cast(Block, self.synthesis[f"b{side}"])


def _share(ws: Tensor, index: int) -> Tensor:
    """The w vectors of a block; the last one, its colours', is also the next block's first."""
    return ws[:, 0:2] if index == 0 else ws[:, 2 * index - 1 : 2 * index + 2]
