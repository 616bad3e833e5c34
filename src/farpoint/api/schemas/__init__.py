"""Request bodies: their shapes (the only home of pydantic), and how each becomes a service's request value."""
