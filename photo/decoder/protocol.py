"""What a worker and whoever asks it say to each other, through two pipes.

at the start  READY
a request     LENGTH: how many bytes; the file
an answer     ANSWER: PHOTO or SENTENCE, whether the worker has grown large, two numbers
  a photo       its width and height; then tiles until it is full: PLACE, RGB bytes by rows
  a sentence    how many bytes, 0; then the text
"""

import struct

READY, PHOTO, SENTENCE = b"+", b"P", b"S"
LENGTH = struct.Struct("<Q")
ANSWER = struct.Struct("<c?II")
PLACE = struct.Struct("<IIII")  # left, top, width, height in px
