"""What the app, the command line and the benchmarks share."""

from drag import EditError
from inversion import PhotoError
from weights import WeightsError

from .output import OutputError

USER_ERRORS = (EditError, OutputError, PhotoError, WeightsError)
"""What a person can put right; everything else is our fault."""
