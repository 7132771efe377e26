"""From files and the network to a loaded GPT, and back. Imports gpt."""
