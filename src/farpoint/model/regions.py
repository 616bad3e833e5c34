"""Region names, compared as Azure does: lower case, without spaces."""


def region_key(name: str) -> str:
    """Return the form in which region names are compared: ``East US`` and ``eastus`` are one region."""
    return name.replace(" ", "").lower()
