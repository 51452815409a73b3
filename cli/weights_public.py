"""``dragphoto weights list | fetch | path``: public models, and where they are."""

import argparse
import sys

from weights.hub import catalogue
from weights.hub.cache import accept, accepted, cached, find
from weights.hub.catalogue import PublicModel, public
from weights.hub.fetch import fetch, fetched_bytes

from .progress import bar


def run_list(args: argparse.Namespace) -> list[dict[str, object]]:
    """What can be fetched, and what is here."""
    if not args.json:
        for model in catalogue.CATALOGUE:
            here = "here" if cached(model) else "    "
            print(f"{here}  {model.name:20}  {model.label}")
    return [_facts(model) for model in catalogue.CATALOGUE]


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
        how = {"unit": "B", "unit_scale": True, "delay": 0.1}  # a refusal comes at once, and alone
        with bar(desc=model.name, total=model.sizes[1], **how) as shown:
            for done, shown.total in fetch(model):
                shown.update(done - shown.n)
    except KeyboardInterrupt:
        kept = f"{fetched_bytes(model) / 1e6:.1f} of {model.megabytes} MB are kept"
        print(f"dragphoto: stopped. {kept}: run it again to go on.", file=sys.stderr)
        raise SystemExit(130) from None
    print(find(model.name))


def run_path(args: argparse.Namespace) -> None:
    """Print the file of a model."""
    print(args.model)
