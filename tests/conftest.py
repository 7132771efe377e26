"""Settings that every test shares."""

import os

import torch
from hypothesis import settings

# Tiny tensors: a second thread costs more than it helps. No deadline: machines differ. In CI the
# examples are the same at every run, so that no change is stopped by an old bug found by chance.
torch.set_num_threads(1)
settings.register_profile("local", deadline=None, max_examples=30)
settings.register_profile("ci", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
