"""StyleGAN2 synthesis: latents -> features -> pictures. No files, no devices, no UI."""

from .config import Config as Config
from .config import ws_up_to as ws_up_to
from .coordinates import CoordinateHead as CoordinateHead
from .coordinates import to_points as to_points
from .delta import Delta as Delta
from .delta import apply as apply
from .delta import diff as diff
from .image import from_uint8 as from_uint8
from .image import to_uint8 as to_uint8
from .layers import activation as activation
from .mapping import Mapping as Mapping
from .premodulated import premodulated as premodulated
from .regions import WHOLE as WHOLE
from .regions import Squares as Squares
from .regions import WindowPlan as WindowPlan
from .regions import plan_windows as plan_windows
from .statistics import WStatistics as WStatistics
from .statistics import before_activation as before_activation
from .statistics import random_w as random_w
from .statistics import w_statistics as w_statistics
from .synthesis import Generator as Generator
from .synthesis import Noise as Noise
