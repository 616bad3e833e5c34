"""HTTP: requests are parsed into values, services do the work, views turn what they return into ARM's JSON."""
