"""Regions on one machine, for development and demonstration: several ``farpoint serve`` on loopback, with a throw-away authority."""
