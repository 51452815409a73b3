"""Latent + edit -> latent, step by step (DragGAN, Pan et al. 2023). Knows no GAN."""

from .edit import Edit as Edit
from .edit import EditError as EditError
from .solve import Options as Options
from .solve import State as State
from .solve import drag as drag
