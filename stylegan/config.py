"""The shape of a StyleGAN2 generator. Knows no tensors."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Hyperparameters of a StyleGAN2 generator, skip architecture (Karras et al. 2020, section 4).

    Args:
        resolution: side of the square picture in px, a power of two of at least 8.
        z_dim: length of the Gaussian code z.
        w_dim: length of the intermediate code w.
        channel_base: feature maps at resolution r have ``channel_base // r`` channels,
        channel_max: but at most so many,
        channel_min: and at least so many.
        mapping_layers: fully connected layers from z to w.
        mapping_features: width of the hidden mapping layers.
        lr_multiplier: run-time gain of the mapping's weights and biases.
        conv_clamp: activations are clamped to plus or minus this value, if given.
        c_dim: length of the label that z is joined by, 0 for none.

    Raises:
        ValueError: the resolution is not a power of two of at least 8.
    """

    resolution: int
    z_dim: int = 512
    w_dim: int = 512
    channel_base: int = 32768
    channel_max: int = 512
    channel_min: int = 1
    mapping_layers: int = 8
    mapping_features: int = 512
    lr_multiplier: float = 0.01
    conv_clamp: float | None = None
    c_dim: int = 0

    def __post_init__(self) -> None:
        if self.resolution < 8 or self.resolution & (self.resolution - 1):
            raise ValueError(f"The resolution must be 8, 16, 32, ...: not {self.resolution}.")

    @property
    def blocks(self) -> tuple[int, ...]:
        """The resolutions of the synthesis blocks in px: 4, 8, ..., resolution."""
        return tuple(2**k for k in range(2, self.resolution.bit_length()))

    @property
    def num_ws(self) -> int:
        """How many w vectors the synthesis takes: 2 log2(resolution) - 2."""
        return ws_up_to(self.resolution) + 1

    def channels(self, resolution: int) -> int:
        """How many channels the feature maps of a block have."""
        return max(self.channel_min, min(self.channel_base // resolution, self.channel_max))

    def operations(self, resolution: int) -> int:
        """About how many multiplications a picture of this side takes, in its convolutions."""
        first = 9 * self.channels(4) ** 2 * 4**2
        above = (side for side in self.blocks if 4 < side <= resolution)
        return first + sum(self.block_operations(side, side) for side in above)

    def block_operations(self, resolution: int, cells: int) -> int:
        """The same for one block above the first, whose map is ``cells`` wide and high."""
        below, here = self.channels(resolution // 2), self.channels(resolution)
        up = 9 * below * here * (cells / 2) ** 2
        return round(up) + (16 * here + 9 * here**2) * cells**2


def ws_up_to(resolution: int) -> int:
    """How many of the leading w vectors shape the features of a block."""
    return 2 * resolution.bit_length() - 5
