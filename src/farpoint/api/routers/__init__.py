"""One file per resource: parse the request, call the service, show what it returns."""
