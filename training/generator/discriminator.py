"""StyleGAN2's residual discriminator (Karras et al. 2020, section 4.1 and appendix B)."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from stylegan import Config
from stylegan.layers import Linear, activation, fir

GROUP = 4  # pictures whose spread is measured together
EPS = 1e-8


class Conv(nn.Module):
    """Convolution with an equalised learning rate; halves the map after a low-pass filter."""

    def __init__(self, inputs: int, outputs: int, size: int, *, down: bool = False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.down = down

    def forward(self, x: Float[Tensor, "n in h w"]) -> Float[Tensor, "n out h2 w2"]:
        """No bias, no activation."""
        size = self.weight.shape[2]
        weight = self.weight / (sqrt(self.weight.shape[1]) * size)
        if not self.down:
            return F.conv2d(x, weight, padding=size // 2)
        # This much zero outside makes the filter's four taps and the kernel give half the cells;
        # the filter's gain of 4 is for the generator, which stuffs zeros between cells.
        x = F.pad(x, [size // 2 + 1] * 4)
        x = F.conv2d(x, fir(x.shape[1], x) / 4, groups=x.shape[1])
        return F.conv2d(x, weight, stride=2)


class Residual(nn.Module):
    """Two convolutions to half the size beside a linear one, both scaled to keep the variance."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv0, self.bias0 = Conv(inputs, inputs, 3), nn.Parameter(torch.zeros(inputs, 1, 1))
        self.conv1 = Conv(inputs, outputs, 3, down=True)
        self.bias1 = nn.Parameter(torch.zeros(outputs, 1, 1))
        self.skip = Conv(inputs, outputs, 1, down=True)

    def forward(self, x: Float[Tensor, "n in h w"]) -> Float[Tensor, "n out h2 w2"]:
        """Half the size."""
        y = activation(self.conv0(x) + self.bias0)
        y = activation(self.conv1(y) + self.bias1)
        return (y + self.skip(x)) / sqrt(2)


def minibatch_spread(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"]:
    """How much pictures differ within a group: one number a group (Karras et al. 2018, section 3).

    The i-th picture is in group i modulo (n / GROUP); a batch that cannot be parted is one group.
    """
    count = len(x)
    size = GROUP if count % GROUP == 0 else count
    groups = x.float().unflatten(0, (size, count // size))
    spread = (groups.var(0, unbiased=False) + EPS).sqrt().mean((1, 2, 3))
    return spread.repeat(size)[:, None, None, None].expand(-1, 1, *x.shape[2:]).to(x.dtype)


class Discriminator(nn.Module):
    """Pictures -> one logit each: high where they look rendered."""

    def __init__(self, config: Config):
        super().__init__()
        sides: Sequence[int] = config.blocks[::-1]
        widths = [config.channels(side) for side in sides]
        self.from_rgb, self.bias = Conv(3, widths[0], 1), nn.Parameter(torch.zeros(widths[0], 1, 1))
        self.blocks = nn.Sequential(*(Residual(a, b) for a, b in pairwise(widths)))
        self.last = Conv(widths[-1] + 1, widths[-1], 3)
        self.last_bias = nn.Parameter(torch.zeros(widths[-1], 1, 1))
        self.hidden = Linear(widths[-1] * 16, widths[-1])
        self.out = Linear(widths[-1], 1)

    def forward(self, pictures: Float[Tensor, "n 3 s s"]) -> Float[Tensor, " n"]:
        """One logit a picture."""
        x = activation(self.from_rgb(pictures) + self.bias)
        x = cast(Tensor, self.blocks(x))
        x = torch.cat([x, minibatch_spread(x)], 1)
        x = activation(self.last(x) + self.last_bias)
        return self.out(activation(self.hidden(x.flatten(1))))[:, 0]


def r1_gamma(side: int, batch: int) -> float:
    """The usual weight of R1 for this size: 0.0002 pixels / pictures a step."""
    return 0.0002 * side**2 / batch
