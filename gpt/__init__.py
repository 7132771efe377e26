"""The model and nothing else: GPT-2, its tokenizer, how it writes text. Imports no other room."""
