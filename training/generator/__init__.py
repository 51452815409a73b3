"""Train the generator: regression onto renders, then sharpening."""
