"""Portraits to edit, of people who are not there: renders that no training has seen.

python -m benchmarks.truth.renders --assets makehuman-data.zip --out FOLDER --count 10 --side 1024
"""

import argparse
from pathlib import Path

from PIL import Image

from training.renderer.assets import read_assets
from training.renderer.pairs import UNSEEN
from training.renderer.portrait import Portraits
from training.renderer.render import code

SEED = 16


def main() -> None:
    """Draw and write them, as they come."""
    parser = argparse.ArgumentParser(description="Portraits to edit.")
    parser.add_argument("--assets", type=Path, required=True, help="MakeHuman's data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--side", type=int, default=1024, help="px")
    args = parser.parse_args()
    portraits = Portraits(read_assets(args.assets))
    args.out.mkdir(parents=True, exist_ok=True)
    for k in range(args.count):
        portrait = portraits.portrait(code(SEED, UNSEEN + k))
        picture = portraits.scene.picture(portrait.parts, portrait.shading, args.side)
        Image.fromarray(picture).save(args.out / f"render{k}.png")


if __name__ == "__main__":
    main()
