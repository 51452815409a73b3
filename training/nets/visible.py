"""How much each direction of w shows: a metric in which errors of an encoder are counted.

Most of w's variance is of things that hardly show (the length of hair that a bald head lacks, a
mouth that moves by half a pixel), and a squared distance in w spends the encoder on them.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from inversion.target import face_weight
from stylegan import Generator, WStatistics, activation, before_activation

SAMPLES, SEED = 32, 5
SIDE = 32  # px of the pictures that are compared
STEP = 0.5  # standard deviations
REST = 0.1  # share of the metric that counts all directions alike


@torch.no_grad()
def visible(generator: Generator, statistics: WStatistics) -> Float[Tensor, "k k"]:
    """A root R of the metric: |v R|^2 is about the squared change of the picture by v.

    ``v`` is a move in whitened coordinates (stylegan/statistics.py). The mean over random faces of
    the squared differences of 32 px pictures, those on the face counted most, to first order; for
    v ~ N(0, 1) its mean is 1.
    """
    z = torch.randn(SAMPLES, generator.config.z_dim, generator=torch.Generator().manual_seed(SEED))
    count = len(statistics.axes)
    metric = torch.zeros(count, count)
    for linear in before_activation(generator.mapping(z)):
        moved = torch.cat([linear[None], linear + STEP * statistics.axes])
        ws = activation(moved)[:, None].expand(-1, generator.config.num_ws, -1)
        pictures = generator(ws, "none", SIDE)
        slopes = ((pictures[1:] - pictures[:1]) * face_weight(pictures[0]).sqrt()).flatten(1)
        metric += slopes @ slopes.T
    metric = (1 - REST) * metric / metric.trace() + REST * torch.eye(count) / count
    values, vectors = torch.linalg.eigh(metric)
    return vectors * values.clamp(min=0).sqrt()
