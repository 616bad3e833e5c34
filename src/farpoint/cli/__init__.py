"""The command line: a client of the regions' ARM API, and the tools that run regions on one machine."""
