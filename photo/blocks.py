"""What the encoder is built of."""

from jaxtyping import Float
from torch import Tensor, nn


def convolution(before: int, after: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    layer = nn.Conv2d(before, after, size, stride, size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Adds what two convolutions see to what came in (He et al. 2016)."""

    def __init__(self, channels: int):
        super().__init__()
        second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.body = nn.Sequential(convolution(channels, channels), second, nn.BatchNorm2d(channels))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """The same size."""
        return nn.functional.relu(x + self.body(x))
