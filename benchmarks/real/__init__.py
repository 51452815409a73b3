"""What edits come to on photos, and on clips."""
