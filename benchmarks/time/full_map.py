"""The slow twin of a drag step: the published algorithm on whole maps, as plain as it is written.

DragGAN (Pan et al. 2023), section 3.2, on a StyleGAN2 whose weights are modulated (Karras et al.
2020, equations 1 and 3) and learn: each step makes the whole picture, enlarges the features to its
size, compares each handle's first feature vector with those around it, and pulls.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from drag import Edit, Options
from stylegan import Config, Generator

TENSORS = dict[str, Tensor]


@dataclass
class FullMap:
    """A generator as a table of tensors, all of which want gradients."""

    config: Config
    tensors: TENSORS
    fir: Float[Tensor, "1 1 4 4"] = field(init=False)

    def __post_init__(self) -> None:
        line = torch.tensor([0.25, 0.75, 0.75, 0.25])
        self.fir = torch.outer(line, line)[None, None]

    @staticmethod
    def of(generator: Generator) -> "FullMap":
        """Shares the tensors of the generator's weights."""
        state = generator.state_dict()
        tensors = {
            name: tensor.detach().requires_grad_(not name.endswith(("noise_const", "w_avg")))
            for name, tensor in state.items()
        }
        return FullMap(generator.config, tensors)

    def render(
        self, ws: Float[Tensor, "layers w"], side: int
    ) -> tuple[Float[Tensor, "3 r r"], Float[Tensor, "c side side"]]:
        """(the picture, the features of the block of this side)."""
        x, layer, picture, kept = self.tensors["synthesis.b4.const"][None], 0, None, None
        for block in self.config.blocks:
            name = f"synthesis.b{block}"
            if block > 4:
                x = self._conv(f"{name}.conv0", x, ws[layer], up=True)
                layer += 1
            x = self._conv(f"{name}.conv1", x, ws[layer], up=False)
            layer += 1
            share = self._colours(f"{name}.torgb", x, ws[layer])
            picture = share if picture is None else self._enlarged(picture) + share
            kept = x if block == side else kept
        assert picture is not None
        assert kept is not None
        return picture[0], kept[0]

    def _style(self, name: str, w: Tensor) -> Tensor:
        weight, bias = (self.tensors[f"{name}.affine.{part}"] for part in ("weight", "bias"))
        return weight @ w / sqrt(len(w)) + bias

    def _conv(self, name: str, x: Tensor, w: Tensor, *, up: bool) -> Tensor:
        weight = self.tensors[f"{name}.weight"] * self._style(name, w)[:, None, None]
        weight = weight * (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).rsqrt()
        if up:
            x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
            fir = self.fir.expand(x.shape[1], 1, 4, 4)
            x = F.conv2d(x, fir, padding=1, groups=x.shape[1])
        else:
            x = F.conv2d(x, weight, padding=1)
        noise = self.tensors[f"{name}.noise_const"] * self.tensors[f"{name}.noise_strength"]
        return F.leaky_relu(x + noise + self.tensors[f"{name}.bias"][:, None, None], 0.2) * sqrt(2)

    def _colours(self, name: str, x: Tensor, w: Tensor) -> Tensor:
        style = self._style(name, w) / sqrt(x.shape[1])
        weight = self.tensors[f"{name}.weight"] * style[:, None, None]
        return F.conv2d(x, weight) + self.tensors[f"{name}.bias"][:, None, None]

    def _enlarged(self, x: Tensor) -> Tensor:
        fir = self.fir.expand(x.shape[1], 1, 4, 4)
        return F.conv_transpose2d(x, fir, stride=2, padding=1, groups=x.shape[1])


def full_map_drag(
    model: FullMap, ws: Float[Tensor, "layers w"], edit: Edit, options: Options, layers: int = 6
) -> Iterator[Float[Tensor, "p 2"]]:
    """The handles after each step, without end. Reads the paper's r1, r2, rate and lambda."""
    handles, side = edit.handles.clone(), min(128, model.config.resolution)
    moving = ws[:layers].clone().requires_grad_()
    adam = torch.optim.Adam([moving], lr=options.rate)
    first: Tensor | None = None
    templates: Tensor | None = None
    while True:
        features = model.render(torch.cat([moving, ws[layers:]]), side)[1]
        large = F.interpolate(features[None], edit.size, mode="bilinear")[0]
        if first is None or templates is None:
            first, templates = large.detach(), _read(large.detach(), handles)
        else:
            handles = _nearest(large.detach(), handles, templates, int(options.search))
        loss = sum(
            (
                _pull(large, handle, target, options.radius)
                for handle, target in zip(handles, edit.targets, strict=True)
            ),
            start=large.new_zeros([]),
        )
        if edit.mask is not None:
            fixed = (~edit.mask).to(large)
            loss = loss + options.mask_weight * F.l1_loss(large * fixed, first * fixed)
        adam.zero_grad()
        loss.backward()
        adam.step()
        yield handles


def _read(large: Float[Tensor, "c h w"], points: Float[Tensor, "k 2"]) -> Float[Tensor, "k c"]:
    size = torch.tensor(large.shape[:0:-1]).to(points)
    grid = (2 * points + 1) / size - 1
    return F.grid_sample(large[None], grid[None, None], align_corners=False)[0, :, 0].T


def _nearest(large: Tensor, handles: Tensor, templates: Tensor, reach: int) -> Tensor:
    """Equation 2: the px of the square around each handle that looks most as it did at first."""
    found: list[Tensor] = []
    for handle, template in zip(handles.round().long(), templates, strict=True):
        left, top = (handle - reach).clamp(min=0).tolist()
        part = large[:, top : top + 2 * reach + 1, left : left + 2 * reach + 1]
        best = int((part - template[:, None, None]).norm(dim=0).argmin())
        found.append(torch.tensor([left + best % part.shape[2], top + best // part.shape[2]]))
    return torch.stack(found).float()


def _pull(large: Tensor, handle: Tensor, target: Tensor, radius: float) -> Tensor:
    """Equation 1, first term, of one point."""
    reach = int(radius)
    line = torch.arange(-reach, reach + 1.0)
    disc = torch.cartesian_prod(line, line)
    disc = handle + disc[disc.norm(dim=1) <= radius]
    way = target - handle
    step = way / way.norm().clamp(min=1.0)
    return F.l1_loss(_read(large, disc + step), _read(large, disc).detach())
