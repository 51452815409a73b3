"""What is read from a generator during a drag: features, motion, pictures."""
