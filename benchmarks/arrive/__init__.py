"""Whether what is dragged arrives: one file a table."""
