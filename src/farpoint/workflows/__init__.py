"""One file per long operation, its steps readable as a table."""
