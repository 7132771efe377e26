"""One record through every step of the lecture, with its real numbers."""
