"""Side-by-side measurements, each a command that prints one table; nothing imports this room."""

import gpt as gpt  # first: it filters a warning of torch's
