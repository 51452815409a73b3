"""``dragphoto weights list | fetch | path``: public models, and where they are."""

import argparse
import sys
from typing import Any

from tqdm import tqdm

from weights import find
from weights.cache import accept, accepted, cached
from weights.catalogue import CATALOGUE, PublicModel, public
from weights.fetch import fetch, fetched_bytes


def add(group: Any) -> None:
    """Add the commands to the group."""
    command = group.add_parser("list", help="the models that can be fetched")
    command.add_argument("--json", action="store_true", help="print all that is known of them")
    command.set_defaults(run=run_list)

    command = group.add_parser("fetch", help="download a model")
    command.add_argument("name", type=str)
    command.add_argument(
        "--accept-licence", action="store_true", help="its licence has been read, and holds"
    )
    command.set_defaults(run=run_fetch, json=False)

    command = group.add_parser("path", help="the file of a model that is here")
    command.add_argument("name", type=str)
    command.set_defaults(run=run_path, json=False)


def run_list(args: argparse.Namespace) -> list[dict[str, object]]:
    """What can be fetched, and what is here."""
    if not args.json:
        for model in CATALOGUE:
            here = "here" if cached(model) else "    "
            print(f"{here}  {model.name:20}  {model.label}")
    return [_facts(model) for model in CATALOGUE]


def _facts(model: PublicModel) -> dict[str, object]:
    file, licence = cached(model), model.licence
    return {
        "name": model.name, "title": model.title, "domain": model.domain, "form": model.form,
        "resolution": model.resolution, "megabytes": model.megabytes, "sha256": model.sha256,
        "urls": list(model.urls), "licence": licence.name, "licence_url": licence.url,
        "accepted": accepted(licence), "file": None if file is None else str(file),
    }  # fmt: skip


def run_fetch(args: argparse.Namespace) -> None:
    """Download a model, print its file; Ctrl-C keeps what has come."""
    model = public(args.name)
    if args.accept_licence:
        accept(model.licence)
    try:
        with tqdm(
            None, model.name, model.sizes[1], unit="B", unit_scale=True, delay=0.1
        ) as bar:  # a refusal comes at once, and alone
            for done, bar.total in fetch(model):
                bar.update(done - bar.n)
    except KeyboardInterrupt:
        kept = f"{fetched_bytes(model) / 1e6:.1f} of {model.megabytes} MB are kept"
        print(f"dragphoto: stopped. {kept}: run it again to go on.", file=sys.stderr)
        raise SystemExit(130) from None
    print(find(model.name))


def run_path(args: argparse.Namespace) -> None:
    """Print the file of a model."""
    print(find(args.name))
