"""Seconds and memory, of one person's work and of many visitors'."""
