"""Latent + edit -> latent, step by step (DragGAN and FreeDrag). Knows no GAN."""

from .edit import Edit as Edit
from .edit import EditError as EditError
from .options import Algorithm as Algorithm
from .options import Options as Options
from .reference import PLAIN as PLAIN
from .solve import State as State
from .solve import drag as drag
from .track import LOST as LOST
