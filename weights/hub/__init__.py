"""Public generators: where they are, under which licence, and how they are fetched."""
