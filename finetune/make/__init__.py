"""What wrote the bundled records, and the lessons that tiny has read. Imported by nothing."""
