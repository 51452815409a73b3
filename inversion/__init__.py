"""Photo -> latent + tuned generator.

    geometry.py        a face of the model with pose, expression and shape of the photo's: enough
                       to drag it, since the photo gives the pixels
    invert.py          an iterator: every item is a usable fit; deadline.py ends it in time
    project.py         the pivot, a face of the model; start.py guesses, target.py compares
    landmark_loss.py   by colours alone a lip takes the place of a nose: the points that the
                       mesh net sees in the crop count as much as the picture
    tune.py            bends the generator until the pivot's picture is the photo
    checkpoint.py      what a fit needs to go on where it was stopped

Tuning may bend whatever it likes as long as the picture moves along: every fourth step is spent on
the photo moved as the untuned generator moves its own face (``motion_augmentation.py``)."""

from .checkpoint import CheckpointStore as CheckpointStore
from .distance import Distance as Distance
from .distance import choose as choose
from .geometry import LOOKS as LOOKS
from .geometry import GeometryFit as GeometryFit
from .invert import BUDGETS as BUDGETS
from .invert import STAGES as STAGES
from .invert import FitError as FitError
from .invert import Helpers as Helpers
from .invert import Inversion as Inversion
from .invert import InvertOptions as InvertOptions
from .invert import budget as budget
from .invert import budget_for as budget_for
from .invert import fit_psnr as fit_psnr
from .invert import invert as invert
from .landmark_loss import LandmarkLoss as LandmarkLoss
from .motion_augmentation import MotionAugmentation as MotionAugmentation
from .project import ProjectOptions as ProjectOptions
from .target import ProjectionTarget as ProjectionTarget
from .tune import TuneOptions as TuneOptions
