"""StyleGAN2's layers (Karras et al. 2020): each is a valid convolution on an input with its halo.

A halo is one cell more on every side: zeros outside the picture, the neighbours' values where a
layer sees only a window of the map. So a window of a map and the whole map take the same path.
"""

from dataclasses import dataclass, replace
from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.2  # of the leaky ReLU
GAIN = sqrt(2.0)  # keeps the variance after it
DEMODULATION_EPS = 1e-8


def halo(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h+2 w+2"]:
    """The whole map with the zeros that lie outside the picture."""
    return F.pad(x, (1, 1, 1, 1))


def fir(channels: int, like: Tensor) -> Float[Tensor, "c 1 4 4"]:
    """The [1, 3, 3, 1] low-pass filter, one copy a channel, with gain 4 for zero-stuffed input."""
    taps = like.new_full((4,), 0.75)  # filled on its device: a copy could not be recorded there
    taps[::3] = 0.25
    return torch.outer(taps, taps).expand(channels, 1, 4, 4)


def upsample(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c 2*h-4 2*w-4"]:
    """Twice the size through the FIR filter; takes a halo, gives none."""
    channels = x.shape[1]
    return F.conv_transpose2d(x, fir(channels, x), stride=2, padding=3, groups=channels)


@dataclass(frozen=True)
class Kernel:
    """The weights of a modulated convolution, made ready once for many calls.

    Args:
        weight: inputs first where it doubles the size; modulated and demodulated if it is for one
            style.
        power: else the sum of squares over the taps, from which a style's demodulation follows.
        up: whether it doubles the size.
    """

    weight: Float[Tensor, "a b 3 3"]
    power: Float[Tensor, "out in"] | None
    up: bool

    @staticmethod
    def of(weight: Float[Tensor, "out in 3 3"], up: bool) -> "Kernel":
        """For any style."""
        return Kernel(weight.transpose(0, 1) if up else weight, weight.square().sum((2, 3)), up)

    def fixed(self, style: Float[Tensor, "1 in"]) -> "Kernel":
        """For this style only (Karras et al. 2020, equations 1 and 3)."""
        scale = self.demodulation(style).T * style
        scale = scale.T if self.up else scale
        return Kernel(self.weight * scale[..., None, None], None, self.up)

    def ready(self) -> "Kernel":
        """The same, laid out as convolutions read it."""
        return replace(self, weight=self.weight.contiguous())

    def demodulation(self, style: Float[Tensor, "m in"]) -> Float[Tensor, "m out"]:
        """What makes the variance of each output 1 again."""
        assert self.power is not None, "These weights are demodulated."
        return torch.rsqrt(style.square() @ self.power.T + DEMODULATION_EPS)


def modulated_conv(
    x: Float[Tensor, "n in h w"], kernel: Kernel, style: Float[Tensor, "m in"], pad: int = 0
) -> Float[Tensor, "n out _ _"]:
    """Modulated, demodulated 3x3 convolution (Karras et al. 2020, equations 1 and 3).

    Scales activations instead of weights, unless the kernel is for this style only: the same
    function, and it needs no weight gradients when only the style is optimised. ``m`` is ``n``
    or 1 (windows of one picture). ``pad`` is 1 where the halo, all zeros, is still lacking.
    """
    free = kernel.power is not None
    if free:
        x = x * style[:, :, None, None]
    if kernel.up:
        x = F.conv_transpose2d(x, kernel.weight, stride=2, padding=1 - pad)
        x = F.conv2d(x, fir(x.shape[1], x), padding=pad, groups=x.shape[1])
    else:
        x = F.conv2d(x, kernel.weight, padding=pad)
    return x * kernel.demodulation(style)[:, :, None, None] if free else x


def activation(x: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """Leaky ReLU with gain sqrt(2): what every convolution and the mapping end in."""
    return F.leaky_relu(x, SLOPE) * GAIN


class Linear(nn.Module):
    """Fully connected layer with an equalised learning rate (Karras et al. 2018, section 4.1)."""

    def __init__(self, inputs: int, outputs: int, *, bias: float = 0.0, multiplier: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / multiplier)
        self.bias = nn.Parameter(torch.full((outputs,), bias / multiplier))
        self.multiplier = multiplier

    def forward(self, x: Float[Tensor, "*n in"]) -> Float[Tensor, "*n out"]:
        """The affine map; run-time gain multiplier / sqrt(in)."""
        gain = self.multiplier / sqrt(self.weight.shape[1])
        return F.linear(x, self.weight * gain, self.bias * self.multiplier)


class StyleConv(nn.Module):
    """Modulated convolution, noise, bias, activation: one style of a synthesis block."""

    noise_const: Tensor

    def __init__(self, inputs: int, outputs: int, w_dim: int, resolution: int, *, up: bool):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.affine = Linear(w_dim, inputs, bias=1.0)
        self.up = up
        self.ready: Kernel | None = None  # see premodulated.py

    def kernel(self, style: Float[Tensor, "m in"]) -> Kernel:
        """The weights: for this style alone where it is one and nothing is learnt from it."""
        if self.ready is not None:
            return self.ready
        made = Kernel.of(self.weight, self.up)
        learning = torch.is_grad_enabled() and (style.requires_grad or self.weight.requires_grad)
        return made if learning or len(style) > 1 else made.fixed(style)

    def forward(
        self,
        x: Float[Tensor, "n in h w"],
        w: Float[Tensor, "m w_dim"],
        noise: Float[Tensor, "m2 h2 w2"] | None,
        clamp: float | None,
        pad: int = 0,
    ) -> Float[Tensor, "n out h2 w2"]:
        """Input with its halo -> output without; twice the size if ``up``.

        ``noise`` is this layer's ``noise_const``, cut to the output's cells, or None. A whole map
        may come without its halo of zeros: then ``pad`` is 1.
        """
        style = self.affine(w)
        x = modulated_conv(x, self.kernel(style), style, pad)
        if noise is not None:
            x = x.add_(noise[:, None] * self.noise_strength)
        x = F.leaky_relu_(x.add_(self.bias[:, None, None]), SLOPE)
        x = x * GAIN if x.requires_grad else x.mul_(GAIN)  # its own output: nobody else has it
        return x if clamp is None else x.clamp(-clamp, clamp)


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to colours; no demodulation, hence the gain 1 / sqrt(in).

    With another number of ``outputs`` it paints other things than colours.
    """

    def __init__(self, inputs: int, w_dim: int, outputs: int = 3):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.affine = Linear(w_dim, inputs, bias=1.0)

    def forward(
        self, x: Float[Tensor, "n in h w"], w: Float[Tensor, "m w_dim"], clamp: float | None
    ) -> Float[Tensor, "n out h w"]:
        """Features -> this block's share of the picture, [-1, 1] after all blocks are added."""
        style = self.affine(w) / sqrt(self.weight.shape[1])
        y = F.conv2d(x * style[:, :, None, None], self.weight) + self.bias[:, None, None]
        return y if clamp is None else y.clamp(-clamp, clamp)
