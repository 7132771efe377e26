"""From a JSON file of instructions to gradients. Imports gpt and weights."""
