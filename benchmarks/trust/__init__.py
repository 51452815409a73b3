"""Whether anything breaks: files that mean harm, lost lines, hours of work."""
