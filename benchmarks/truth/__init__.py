"""What is said of edits, where the right answer is known."""
