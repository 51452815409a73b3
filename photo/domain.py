"""What a generator is of, for how a photo is cropped for it."""

from typing import Literal

Domain = Literal["face", "animal", "square", "car"]
"""As FFHQ, as AFHQ, any square, or 4:3 within a square."""
