"""Files of others, true or false, for benchmarks and tests: model files and pictures."""
