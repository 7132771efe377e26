"""Side-by-side measurements, each a command that prints one table; nothing imports this room."""
