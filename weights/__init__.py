"""From files and the network to a loaded GPT, and back. Imports gpt."""

import gpt as gpt  # first: it filters a warning of torch's
