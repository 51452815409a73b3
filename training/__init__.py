"""How ``weights/faces.safetensors`` was made: data, mapping, regression, export."""
