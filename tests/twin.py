"""StyleGAN2 once more: slow, float64, numpy, from the papers' formulas and not from our code.

Input are the tensors of a generator by their published names. Every step is written as the
papers do: weights (not activations) are modulated, up-sampling stuffs zeros, then filters.
"""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
FIR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


@dataclass(frozen=True)
class Twin:
    """Tensors by name, and what cannot be read from their shapes."""

    tensors: dict[str, Array]
    resolution: int
    lr_multiplier: float = 0.01
    clamp: float | None = None

    def mapping(self, z: Array, psi: float = 1.0, label: Array | None = None) -> Array:
        x = z / np.sqrt(np.mean(z**2) + 1e-8)
        if label is not None:
            y = self.linear("mapping.embed", label)
            x = np.concatenate([x, y / np.sqrt(np.mean(y**2) + 1e-8)])
        depth = sum(name.startswith("mapping.fc") for name in self.tensors) // 2
        for k in range(depth):
            x = leaky(self.linear(f"mapping.fc{k}", x, self.lr_multiplier))
        mean = self.tensors["mapping.w_avg"]
        return mean + psi * (x - mean)

    def features(self, ws: Array, noise: bool = True) -> dict[int, Array]:
        """The maps that each block ends with, by the block's side."""
        maps: dict[int, Array] = {}
        x, layer, side = self.tensors["synthesis.b4.const"], 0, 4
        while side <= self.resolution:
            if side > 4:
                x = self.style_layer(f"synthesis.b{side}.conv0", x, ws[layer], noise, up=True)
                layer += 1
            x = self.style_layer(f"synthesis.b{side}.conv1", x, ws[layer], noise, up=False)
            layer += 1
            maps[side] = x
            side *= 2
        return maps

    def pictures(self, ws: Array, noise: bool = True) -> dict[int, Array]:
        """The preview of each block; the last one is the picture."""
        maps = self.features(ws, noise)
        seen: dict[int, Array] = {}
        picture, layer = np.zeros((3, 2, 2)), 1
        for side, x in maps.items():
            colour = self.to_rgb(f"synthesis.b{side}.torgb", x, ws[layer])
            picture = colour if side == 4 else upsample(picture) + colour
            seen[side] = picture
            layer += 2
        return seen

    def linear(self, name: str, x: Array, multiplier: float = 1.0) -> Array:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return weight @ x * multiplier / np.sqrt(len(x)) + bias * multiplier

    def style_layer(self, name: str, x: Array, w: Array, noise: bool, up: bool) -> Array:
        style = self.linear(f"{name}.affine", w)
        weight = self.tensors[f"{name}.weight"] * style[None, :, None, None]
        energy = np.sum(weight**2, axis=(1, 2, 3), keepdims=True)
        weight = weight / np.sqrt(energy + 1e-8)
        x = up_convolve(x, weight) if up else correlate(pad(x, 1, 1), weight)
        if noise:
            x = x + self.tensors[f"{name}.noise_const"] * self.tensors[f"{name}.noise_strength"]
        return self.clip(leaky(x + self.tensors[f"{name}.bias"][:, None, None]))

    def to_rgb(self, name: str, x: Array, w: Array) -> Array:
        style = self.linear(f"{name}.affine", w) / np.sqrt(len(x))
        weight = self.tensors[f"{name}.weight"] * style[None, :, None, None]
        return self.clip(correlate(x, weight) + self.tensors[f"{name}.bias"][:, None, None])

    def clip(self, x: Array) -> Array:
        return x if self.clamp is None else np.clip(x, -self.clamp, self.clamp)


def leaky(x: Array) -> Array:
    return np.sqrt(2) * np.where(x < 0, 0.2 * x, x)


def pad(x: Array, before: int, after: int) -> Array:
    return np.pad(x, ((0, 0), (before, after), (before, after)))


def correlate(x: Array, weight: Array) -> Array:
    """out[o, y, x] = sum over i, a, b of weight[o, i, a, b] x[i, y + a, x + b]."""
    side = weight.shape[2]
    height, width = x.shape[1] - side + 1, x.shape[2] - side + 1
    out = np.zeros((len(weight), height, width))
    for a in range(side):
        for b in range(side):
            seen = x[:, a : a + height, b : b + width]
            out += np.einsum("oi,ihw->ohw", weight[:, :, a, b], seen)
    return out


def stuff(x: Array) -> Array:
    """A zero after every cell of every row and column."""
    out = np.zeros((x.shape[0], 2 * x.shape[1], 2 * x.shape[2]))
    out[:, ::2, ::2] = x
    return out


def blur(x: Array) -> Array:
    """The low-pass filter on each channel; gain 4 makes up for the stuffed zeros."""
    return np.stack([correlate(plane[None], 4 * FIR[None, None])[0] for plane in x])


def upsample(x: Array) -> Array:
    """Zeros between the cells, then the filter: 2 more cells before, 1 after."""
    return blur(pad(stuff(x), 2, 1))


def up_convolve(x: Array, weight: Array) -> Array:
    """Zeros between the cells, a true 3x3 convolution (2h + 1 cells), then the filter (2h)."""
    full = stuff(x)[:, :-1, :-1]
    flipped = weight[:, :, ::-1, ::-1]
    return blur(pad(correlate(pad(full, 2, 2), flipped), 1, 1))
