"""The model and nothing else: GPT-2, its tokenizer, how it generates text. Imports no other room.

torch warns at import when NumPy is not installed. Here it never is and nothing needs it, so the
warning is filtered, before torch is imported: nothing else happens at the import of any module.
"""

import warnings

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
