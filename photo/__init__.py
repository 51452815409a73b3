"""A file that somebody sent -> upright sRGB pixels -> where the subject is -> its crop."""

from .decoder.bounds import NotNowError as NotNowError
from .decoder.bounds import PhotoError as PhotoError
from .decoder.process import Photo as Photo
from .decoder.reading import read_photo as read_photo
