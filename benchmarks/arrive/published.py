"""Figures that papers print: quoted here, not measured.

LANDMARKS and PAIRED are tables 1 and 2 of DragGAN (Pan et al. 2023, arXiv 2305.10973), FREEDRAG is
table 2 of FreeDrag (Ling et al. 2024, arXiv 2307.04684). DragGAN's are those on which two public
transcripts of the paper agree; rows of table 2 that none of them has (its own drag with the
trackers RAFT and PIPs) are left out. FreeDrag's are from the text of the paper. Both papers' models
are not ours, nor are DragGAN's pairs and trackers of optical flow: who runs the same protocol on
other weights may compare methods, not a row with one of these.
"""

from collections.abc import Mapping, Sequence

Quoted = Sequence[Mapping[str, str | float | None]]

DRAGGAN_SAYS = "quoted from the DragGAN paper (its models and pairs), not measured"
FREEDRAG_SAYS = "quoted from the FreeDrag paper (its models and drags, on a GPU), not measured"

LANDMARKS: Quoted = (
    {"method": "no edit", "1": 12.93, "5": 11.66, "68": 16.02, "FID": None, "seconds": None},
    {"method": "UserControllableLT", "1": 11.64, "5": 10.41, "68": 10.15, "FID": 25.32,
     "seconds": 0.03},
    {"method": "DragGAN, tracked by RAFT", "1": 13.43, "5": 13.59, "68": 15.92, "FID": 51.37,
     "seconds": 15.4},
    {"method": "DragGAN, tracked by PIPs", "1": 2.98, "5": 4.83, "68": 5.30, "FID": 31.87,
     "seconds": 6.6},
    {"method": "DragGAN", "1": 2.44, "5": 3.18, "68": 4.73, "FID": 9.28, "seconds": 2.0},
)  # fmt: skip
"""Mean distance, px of 512, of 1, 5 and 68 landmarks of FFHQ; the rest is of 1 point (RTX 3090)."""

PAIRED: Quoted = (
    {"method": "UserControllableLT", "lion MSE x100": 1.82, "lion LPIPS x10": 1.14,
     "cat MSE x100": 1.25, "cat LPIPS x10": 0.87, "dog MSE x100": 1.23, "dog LPIPS x10": 0.92,
     "car MSE x100": 1.98, "car LPIPS x10": 0.85},
    {"method": "DragGAN", "lion MSE x100": 0.66, "lion LPIPS x10": 0.72,
     "cat MSE x100": 1.04, "cat LPIPS x10": 0.82, "dog MSE x100": 0.48, "dog LPIPS x10": 0.44,
     "car MSE x100": 1.67, "car LPIPS x10": 0.74},
)  # fmt: skip
"""Paired reconstruction, on the paper's models of lions, dogs, LSUN cats and LSUN cars."""

FREEDRAG: Quoted = (
    {"method": "DragGAN", "faces CCSD x10": 0.83, "cats CCSD x10": 0.56, "cars CCSD x10": 0.73,
     "horses CCSD x10": 1.20, "elephants CCSD x10": 1.19, "seconds": 8.26},
    {"method": "FreeDrag", "faces CCSD x10": 0.35, "cats CCSD x10": 0.23, "cars CCSD x10": 0.37,
     "horses CCSD x10": 0.68, "elephants CCSD x10": 0.82, "seconds": 2.74},
)  # fmt: skip
"""FreeDragBench: LPIPS between a picture and itself dragged there and back; seconds of faces."""
