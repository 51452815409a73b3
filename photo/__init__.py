"""A file that somebody sent -> upright sRGB pixels -> where the subject is -> its crop."""

from .decoder.bounds import NotNowError as NotNowError
from .decoder.bounds import PhotoError as PhotoError
from .decoder.process import Photo as Photo
from .decoder.process import Sent as Sent
from .decoder.reading import read_photo as read_photo
from .transparency import on_white as on_white
