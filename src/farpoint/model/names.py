"""Resource names, by Azure's rules: length and characters of each kind. None can lead to another path than its resource's."""

import re
from typing import Final

from attrs import frozen


@frozen(kw_only=True)
class NameRule:
    """What names of one kind may be."""

    length_max: int
    pattern: re.Pattern[str]
    #: The pattern in words.
    words: str

    def allows(self, name: str) -> bool:
        """Tell whether *name* keeps the rule."""
        return len(name) <= self.length_max and self.pattern.fullmatch(name) is not None

    def __str__(self) -> str:
        """Read as ``1 to 80 characters: letters, …``."""
        return f"1 to {self.length_max} characters: {self.words}"


_PLAIN: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_PLAIN_WORDS: Final = "letters, digits, '_', '-' and '.', beginning with a letter or digit and ending with one or '_'"

#: Disks, collections, restore points.
CHILD: Final = NameRule(length_max=80, pattern=_PLAIN, words=_PLAIN_WORDS)
VM: Final = NameRule(length_max=64, pattern=_PLAIN, words=_PLAIN_WORDS)
GROUP: Final = NameRule(
    length_max=90,
    pattern=re.compile(r"[A-Za-z0-9_().-]*[A-Za-z0-9_()-]"),
    words="letters, digits, '_', '-', '(', ')' and '.', not ending with '.'",
)
