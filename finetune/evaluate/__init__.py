"""Scores of a model: its losses and its responses to records it was not trained on."""
