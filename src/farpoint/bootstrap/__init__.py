"""Where the parts are joined; the only place that picks implementations."""
