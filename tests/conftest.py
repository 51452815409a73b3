"""Settings that all tests share."""

import torch
from hypothesis import settings

settings.register_profile("project", max_examples=20, deadline=None, derandomize=True)
settings.load_profile("project")
torch.set_num_threads(1)  # the tensors here are tiny: more threads only wait for each other
