"""What changes while training, and how it is kept on disk."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from stylegan import Config
from weights.files import whole
from weights.formats import load as load_model

from ..parallel.recorded import on_device, placed
from .networks import Networks

MAPPING_RATE, AFFINE_RATE = 0.03, 8.0  # times the rate of the convolutions
BETAS = 0.9, 0.99
EMA = 0.998
FEATURE_STEPS = 3  # the feature loss is taken at every third step


@dataclass
class Run:
    """The state of a training; ``seconds`` counts within the stage, ``side`` is its px."""

    networks: Networks
    average: Networks
    optimiser: torch.optim.Adam
    side: int
    stage: int = 0
    seconds: float = 0.0
    images: int = 0
    steps: int = 0


def fresh(config: Config, mapping: dict[str, Tensor], side: int, device: str) -> Run:
    """Untrained networks with a trained mapping, to begin at this side."""
    networks = Networks(config)
    networks.generator.mapping.load_state_dict(mapping)
    networks.silence_above(side)
    return _run(placed(networks, torch.device(device)), side)


def _run(networks: Networks, side: int) -> Run:
    average = deepcopy(networks).requires_grad_(False)
    return Run(networks, average, optimiser(networks), side)


def optimiser(networks: Networks, betas: tuple[float, float] = BETAS) -> torch.optim.Adam:
    """Adam with a ``scale`` of the rate for mapping, styles and the rest."""
    groups: dict[float, list[Tensor]] = {MAPPING_RATE: [], AFFINE_RATE: [], 1.0: []}
    for name, weight in networks.named_parameters():
        if name.endswith("noise_strength"):
            continue  # a regression has nothing random to explain
        scale = MAPPING_RATE if "mapping" in name else AFFINE_RATE if "affine" in name else 1.0
        groups[scale].append(weight)
    chosen = [{"params": weights, "scale": scale} for scale, weights in groups.items()]
    adam = torch.optim.Adam(chosen, lr=1.0, betas=betas)
    return on_device(adam, next(networks.parameters()).device)


def save(run: Run, file: Path) -> None:
    """Write a checkpoint whole or not at all."""
    state = {
        "config": asdict(run.networks.config), "side": run.side, "stage": run.stage,
        "seconds": run.seconds, "images": run.images, "steps": run.steps,
        "networks": run.networks.state_dict(), "average": run.average.state_dict(),
        "optimiser": run.optimiser.state_dict(),
    }  # fmt: skip
    write(state, file)


def write(state: Mapping[str, object], file: Path) -> None:
    """Write tensors and numbers whole or not at all."""
    with whole(file) as stream:
        torch.save(state, stream)


def restore(file: Path, device: str) -> Run:
    """Continue from a checkpoint."""
    state = torch.load(file, weights_only=True, map_location=device)
    run = _run(placed(Networks(Config(**state["config"])), torch.device(device)), state["side"])
    run.networks.load_state_dict(state["networks"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    on_device(run.optimiser, torch.device(device))
    run.stage, run.seconds = state["stage"], state["seconds"]
    run.images, run.steps = state["images"], state["steps"]
    return run


def resumed(file: Path, device: torch.device) -> Run:
    """Continue from a checkpoint, or from an exported model, which has no optimiser's state."""
    if file.suffix != ".safetensors":
        return restore(file, str(device))
    model = load_model(file)
    assert model.coordinates is not None, "This model has no coordinate head."
    networks = Networks(model.generator.config)
    networks.generator.load_state_dict(model.generator.state_dict())
    networks.coordinates.load_state_dict(model.coordinates.state_dict())
    return _run(placed(networks, device), networks.config.resolution)


def read_average(file: Path) -> tuple[Networks, int]:
    """(the averaged networks of a checkpoint, the side that they have been trained to)."""
    state = torch.load(file, weights_only=True, map_location="cpu")
    networks = Networks(Config(**state["config"]))
    networks.load_state_dict(state["average"])
    return networks, state["side"]
