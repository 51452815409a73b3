"""Draw heads of codes: picture, landmarks and which point of the neutral face each pixel shows."""
