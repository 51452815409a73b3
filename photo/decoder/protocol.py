"""What a worker and whoever asks it say to each other, through two pipes.

at the start  READY
a request     LENGTH: how many bytes; the file
an answer     ANSWER: a kind of PHOTO or SENTENCE, whether the worker has grown large, two numbers
  a photo       its width and height; then tiles until it is full: PLACE, bytes by rows
  a sentence    how many bytes, 0; then the text
"""

import struct

READY, SENTENCE = b"+", b"S"
PHOTO = {b"P": 3, b"A": 4}  # channels: RGB, RGBA
LENGTH = struct.Struct("<Q")
ANSWER = struct.Struct("<c?II")
PLACE = struct.Struct("<IIII")  # left, top, width, height in px
