"""Capture, copy and restore: the loops that move bytes. They make no decisions and know no database."""
