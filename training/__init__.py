"""How ``weights/faces.safetensors`` was made: renders, mapping, regression, sharpening, export."""
