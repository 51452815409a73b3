"""Steps without a word from the CPU: on CUDA they are recorded once and replayed.

A step of a small network is a thousand small kernels, and starting them takes longer than they run.
"""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Net = TypeVar("Net", bound=nn.Module)

WARM = 3  # calls before the recording: cuDNN chooses its algorithms, Adam makes its moments


class Recorded:
    """Work that takes nothing from outside but tensors that stay where they are.

    Called, it does one step and gives the work's answer: a tensor that the next call overwrites.
    """

    def __init__(self, work: Callable[[], Tensor], device: torch.device):
        self._work, self._graph = work, None
        self._calls = 0
        self._cuda = device.type == "cuda"
        if self._cuda:
            torch.backends.cudnn.benchmark = True  # no size changes: it may try what is quickest
        self._answer = torch.zeros([], device=device)

    def __call__(self) -> Tensor:
        """One step."""
        self._calls += 1
        if not self._cuda:
            return self._work()
        if self._graph is None and self._calls <= WARM:
            return self._aside()
        if self._graph is None:
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._answer = self._work()
        self._graph.replay()
        return self._answer

    def _aside(self) -> Tensor:
        """A call on a stream of its own, as recording asks for."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            answer = self._work()
        torch.cuda.current_stream().wait_stream(stream)
        return answer


def descend(loss: Tensor, adam: torch.optim.Adam) -> Tensor:
    """One step down, if the loss and all gradients are finite; the loss.

    On CUDA ``adam`` has to be fused and capturable: it is told on the device whether to step.
    """
    adam.zero_grad()
    loss.backward()
    weights = [weight for group in adam.param_groups for weight in group["params"]]
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norms = torch.stack(torch._foreach_norm(gradients))
    broken = ~(norms.sum() + loss.detach()).isfinite()
    if loss.is_cuda:
        adam.found_inf = broken.float()  # type: ignore[attr-defined]  # what a GradScaler sets
        adam.step()
    elif not bool(broken):
        adam.step()
    adam.zero_grad()
    return loss.detach()


def set_rate(group: dict[str, object], rate: float) -> None:
    """A learning rate; in place where it is read by recorded steps."""
    held = group["lr"]
    if isinstance(held, Tensor):
        held.fill_(rate)
    else:
        group["lr"] = rate


def on_device(adam: torch.optim.Adam, device: torch.device) -> torch.optim.Adam:
    """Ready an optimiser for its device: recorded steps read their rates from there."""
    cuda = device.type == "cuda"
    for group in adam.param_groups:
        rate = float(group["lr"])
        group["lr"] = torch.tensor(rate, device=device) if cuda else rate
        group["capturable"], group["fused"] = cuda, cuda or None
    return adam


def placed(net: Net, device: torch.device) -> Net:
    """A net on its device; on CUDA with the channels last, as its convolutions want them.

    A step at 256 px took 39 instead of 65 ms (one H100, 32 pictures).
    """
    net = net.to(device)
    return net.to(memory_format=torch.channels_last) if device.type == "cuda" else net
