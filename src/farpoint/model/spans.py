"""A stretch of a list that is ordered by group and name: what one page needs, and no more is read."""

from attrs import frozen


@frozen(kw_only=True)
class Span:
    """Elements after a place, up to a number."""

    #: Group and name, in lower case, of the last element before; None: from the start.
    after: tuple[str, str] | None = None
    #: None: all.
    limit: int | None = None


WHOLE = Span()
