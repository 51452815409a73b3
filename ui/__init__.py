"""What Gradio needs around the editor."""
