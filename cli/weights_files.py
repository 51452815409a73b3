"""``dragphoto weights convert | info``: files of models, whoever published them."""

import argparse
from dataclasses import replace

import torch

from weights.checkpoints import open_model
from weights.files import WeightsError
from weights.formats import save
from weights.hub.catalogue import published
from weights.info import ARCHITECTURE, SOURCE, info, outline, sha256


def run_convert(args: argparse.Namespace) -> dict[str, object]:
    """Write the generator in full precision; give a summary.

    Raises:
        WeightsError: the one file is no model that can be used, or the other cannot be written.
    """
    if args.out.suffix != ".safetensors":
        raise WeightsError(f"{args.out} cannot be written: name it *.safetensors.")
    model, source = open_model(args.model), sha256(args.model)
    public = published(source)
    known = model.domain if public is None else public.domain
    model = replace(model, domain=args.domain or known, statistics=model.measured())
    notes = {SOURCE: source, ARCHITECTURE: outline(args.model).architecture}
    save(model, args.out, torch.float32, notes)
    return {
        "out": str(args.out),
        "resolution": model.generator.config.resolution,
        "bytes": args.out.stat().st_size,
    }


def run_info(args: argparse.Namespace) -> dict[str, object]:
    """Print what is known of the file, unless it is asked for as JSON."""
    found = info(args.model)
    if not args.json:
        for name, value in found.items():
            print(f"{name}: {'unknown' if value is None else value}")
    return found
