"""Farpoint: VM restore points with cross-region copy."""
