"""Train the nets that help with photos: landmarks and encoder."""
