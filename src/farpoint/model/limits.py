"""Azure's documented limits on restore points, each a named rule: where it is documented, how it refuses, which profile enforces it.

A rule only says what is refused and in which words; services look at rows and raise its refusal. docs/limits.md is this table for
people. What Azure merely fails to tell, and what is a cost rather than a refusal, is not imitated and has no rule.
"""

from typing import Final

from attrs import frozen

from farpoint.errors import Code, LimitError

AZURE: Final = "azure"
LIFTED: Final = "lifted"
PROFILES: Final = (AZURE, LIFTED)

#: The oldest api-version of the compute provider that is answered.
API_VERSION_MIN_DATE: Final = "2021-03-01"


@frozen(kw_only=True)
class Rule:
    """One limit."""

    name: str
    #: Where Azure documents it, by the item of azure-wire.md that collects the documents.
    source: str
    status: int
    code: Code
    #: What was asked and why it is refused; names in braces are filled in by refusal().
    message: str
    #: What to do instead; may have the same names.
    hint: str
    in_azure: bool = True
    in_lifted: bool = False

    def refusal(self, *, target: str = "", **asked: object) -> LimitError:
        """Return the refusal of what was asked; *target* is the JSON path of the value that asked it."""
        return LimitError(self.code, self.message.format_map(asked), hint=self.hint.format_map(asked), target=target, rule=self.name)


@frozen(kw_only=True)
class Limits:
    """The rules in force in one region."""

    profile: str

    def enforces(self, rule: Rule) -> bool:
        """Tell whether *rule* refuses here."""
        return rule.in_lifted if self.profile == LIFTED else rule.in_azure


API_VERSION_MIN: Final = Rule(
    name="api_version_min",
    source="azure-wire §7.1 (COPY), §6.1",
    status=400,
    code=Code.BAD_REQUEST,
    message="This request can be made with api-version '{oldest}' or newer, not '{version}'.",
    hint="Ask again with a newer one.",
    in_lifted=True,
)
COPY_OF_COPY: Final = Rule(
    name="copy_of_copy",
    source="azure-wire §7.2 (COPY)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Restore point '{point}' in region '{region}' is itself a copy, of {original}; a copy cannot be copied.",
    hint="Copy {original} instead.",
)
COPIES_PER_REGION: Final = Rule(
    name="copies_per_region",
    source="azure-wire §7.2 (COPY)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="Restore point '{point}' has a copy in region '{region}' already: {existing}. A second one was asked for.",
    hint="Use that copy, or delete it first.",
)
COPY_ORDER: Final = Rule(
    name="copy_order",
    source="azure-wire §7.3 (COPY, FAQ)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="Restore point '{point}' of {time} is older than the newest one copied into collection '{collection}', {existing} of {newest}.",
    hint="Copy a newer restore point, or delete the newer copies first.",
)
COPY_CONCURRENCY: Final = Rule(
    name="copy_concurrency",
    source="azure-wire §7.3 (FAQ)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="Restore point '{point}' cannot be copied into collection '{collection}' while the copy {existing} is under way.",
    hint="Wait until its instance view says succeeded, or delete it, then ask again.",
)
SAME_REGION_COPY: Final = Rule(
    name="same_region_copy",
    source="azure-wire §7.2 (FAQ)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Collection '{collection}' is in this region, '{region}'; a copy goes to another one.",
    hint="Create the collection that is to hold the copies in another region, and copy there.",
)
EXCLUDE_DISKS_ON_COPY: Final = Rule(
    name="exclude_disks_on_copy",
    source="azure-wire §7.5 (FAQ)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Disks cannot be excluded from a copy: {disks}.",
    hint="Leave excludeDisks out; exclude them when the local restore point is created.",
)
SOURCES_PER_COLLECTION: Final = Rule(
    name="sources_per_collection",
    source="azure-wire §7.4 (FAQ)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Collection '{collection}' takes copies from {source} only; restore point '{point}' is in {other}.",
    hint="Copy into a collection whose source is {other}.",
)

RULES: Final = (
    API_VERSION_MIN,
    COPY_OF_COPY,
    COPIES_PER_REGION,
    COPY_ORDER,
    COPY_CONCURRENCY,
    SAME_REGION_COPY,
    EXCLUDE_DISKS_ON_COPY,
    SOURCES_PER_COLLECTION,
)
