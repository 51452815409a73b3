"""``dragphoto weights convert | info``: files of models, whoever published them."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import torch

from weights import SOURCE, Domain, WeightsError, find, info, open_model, save, sha256
from weights.catalogue import published


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """The commands, with ``run`` set to what carries them out."""
    command = commands.add_parser("convert", help="a published StyleGAN2 -> our own format")
    command.add_argument("source", help=".pkl, .pt, or a fetched model; nothing in it is executed")
    command.add_argument("out", type=Path, help=".safetensors to write")
    command.add_argument(
        "--domain", choices=get_args(Domain),
        help="how photos are cropped for it; face, unless the file is a public model's",
    )  # fmt: skip
    command.add_argument("--json", action="store_true", help="print a summary to stdout")
    command.set_defaults(run=run_convert)

    command = commands.add_parser("info", help="what a model's file holds")
    command.add_argument("file", help="a file, or the name of a fetched model")
    command.add_argument("--json", action="store_true", help="print it as JSON")
    command.set_defaults(run=run_info)


def run_convert(args: argparse.Namespace) -> dict[str, object]:
    """Write the generator in full precision; give a summary.

    Raises:
        WeightsError: the one file is no model that can be used, or the other cannot be written.
    """
    if args.out.suffix != ".safetensors":
        raise WeightsError(f"{args.out} cannot be written: name it *.safetensors.")
    file = find(args.source)
    model, source = open_model(file), sha256(file)
    public = published(source)
    known = model.domain if public is None else public.domain
    save(replace(model, domain=args.domain or known), args.out, torch.float32, {SOURCE: source})
    return {
        "out": str(args.out),
        "resolution": model.generator.config.resolution,
        "bytes": args.out.stat().st_size,
    }


def run_info(args: argparse.Namespace) -> dict[str, object]:
    """Print what is known of the file, unless it is asked for as JSON."""
    found: dict[str, object] = asdict(info(find(args.file)))
    if not args.json:
        for name, value in found.items():
            print(f"{name}: {'unknown' if value is None else value}")
    return found
