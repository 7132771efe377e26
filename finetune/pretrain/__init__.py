"""The same loop over plain text: how the bundled tiny was made."""
