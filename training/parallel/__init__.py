"""Several processes, or a GPU, at work on one training."""
