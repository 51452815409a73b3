"""Whether the rest stays as it was: the person, and the photo in its fit."""
