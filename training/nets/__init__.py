"""Train the encoder; map w to the points of the model's faces."""
