"""Names -> verified bytes -> Generator; fits on disk."""

from .formats import FACES as FACES
from .formats import Model as Model
from .formats import WeightsError as WeightsError
from .formats import load as load
from .formats import save as save
from .store import Fit as Fit
from .store import load_fit as load_fit
from .store import save_fit as save_fit
