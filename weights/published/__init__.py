"""Names and shapes of published generators -> ours."""
