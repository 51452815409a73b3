"""StyleGAN2's generator: ws -> features and picture (Karras et al. 2020, skip architecture)."""

from typing import Literal, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import Config
from .layers import StyleConv, ToRGB, halo, upsample
from .mapping import Mapping

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
        self, x: Float[Tensor, "n c h w"] | None, ws: Float[Tensor, "n k w_dim"], noise: Noise
    ) -> Float[Tensor, "n c2 h2 w2"]:
        """The features of this block from those of the block below (None at 4 px)."""
        w = ws.unbind(1)
        if x is None:
            x = self.const.expand(ws.shape[0], -1, -1, -1)
        else:
            x = self._style(self.conv0, x, w[0], noise)
        return self._style(self.conv1, x, w[-2], noise)

    def _style(self, layer: StyleConv, x: Tensor, w: Tensor, noise: Noise) -> Tensor:
        cells = layer.noise_const[None] if noise == "const" else None
        return cast(Tensor, layer(halo(x), w, cells, self.clamp))


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
        self, z: Float[Tensor, "n z"], truncation_psi: float = 1.0
    ) -> Float[Tensor, "n layers w"]:
        """z -> ws: one w, repeated for all layers."""
        w = cast(Tensor, self.mapping(z, truncation_psi))
        return w[:, None].expand(-1, self.config.num_ws, -1)

    def features(
        self, ws: Float[Tensor, "n layers w"], resolution: int, noise: Noise = "const"
    ) -> Float[Tensor, "n c r r"]:
        """The feature maps that the block of this resolution ends with."""
        x = None
        for k, side in enumerate(self.config.blocks):
            x = self._block(side)(x, _share(ws, k), noise)
            if side == resolution:
                return x
        raise ValueError(f"There is no block of {resolution} px in this generator.")

    def forward(
        self, ws: Float[Tensor, "n layers w"], noise: Noise = "const", resolution: int | None = None
    ) -> Float[Tensor, "n 3 r r"]:
        """The picture in [-1, 1], not clipped; a preview of ``resolution`` px if that is given."""
        features: Tensor | None = None
        picture: Tensor | None = None
        for k, side in enumerate(self.config.blocks):
            if resolution is not None and side > resolution:
                break
            block, share = self._block(side), _share(ws, k)
            features = block(features, share, noise)
            colour = block.torgb(features, share[:, -1], block.clamp)
            picture = colour if picture is None else upsample(halo(picture)) + colour
        assert picture is not None
        return picture

    def _block(self, side: int) -> Block:
        return cast(Block, self.synthesis[f"b{side}"])


def _share(ws: Tensor, index: int) -> Tensor:
    """The w vectors of a block; the last one, its colours', is also the next block's first."""
    return ws[:, 0:2] if index == 0 else ws[:, 2 * index - 1 : 2 * index + 2]
