"""Disks as files and devices: inspect them, read them as they stand, write restored ones, never touch one in use."""
