"""The nouns, as frozen values: no I/O, no database, no HTTP."""
