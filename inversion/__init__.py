"""Photo -> latent + tuned generator, and the edit back into the photo."""

from .align import Crop as Crop
from .align import Points as Points
from .align import align as align
from .align import box_quad as box_quad
from .align import cut as cut
from .align import face_quad as face_quad
from .align import find_faces as find_faces
from .distance import Distance as Distance
from .distance import choose as choose
from .goal import Goal as Goal
from .invert import BUDGETS as BUDGETS
from .invert import Helpers as Helpers
from .invert import Inversion as Inversion
from .invert import InvertOptions as InvertOptions
from .invert import budget as budget
from .invert import invert as invert
from .invert import psnr as psnr
from .marks import Marks as Marks
from .moves import Mover as Mover
from .photo import Photo as Photo
from .photo import PhotoError as PhotoError
from .photo import read_photo as read_photo
from .project import ProjectOptions as ProjectOptions
from .resume import Keeper as Keeper
from .tune import TuneOptions as TuneOptions
