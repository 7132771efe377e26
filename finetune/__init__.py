"""Instruction fine-tuning. A file here is a step of the lecture, a folder is beyond it."""

import gpt as gpt  # first: it filters a warning of torch's
