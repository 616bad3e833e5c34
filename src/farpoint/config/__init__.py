"""Configuration: a region's TOML file and the client's environment, read once and turned into frozen values."""
