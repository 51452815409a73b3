"""Names -> verified bytes -> Generator."""

from .cache import find as find
from .checkpoints import open_model as open_model
from .formats import FACES as FACES
from .formats import Domain as Domain
from .formats import Model as Model
from .formats import WeightsError as WeightsError
from .formats import load as load
from .formats import resolution as resolution
from .formats import save as save
from .info import SOURCE as SOURCE
from .info import Info as Info
from .info import Outline as Outline
from .info import info as info
from .info import outline as outline
from .info import sha256 as sha256
