"""Azure's documented limits on restore points, each a named rule: where it is documented, how it refuses, which profile enforces it.

A rule only says what is refused and in which words; services look at rows and raise its refusal. docs/limits.md, `farpoint limits` and
the API's list show this table. What Azure merely fails to tell, and what is a cost rather than a refusal, is not imitated and has no
rule.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from attrs import field, frozen

from farpoint.errors import Code, LimitError

AZURE: Final = "azure"
LIFTED: Final = "lifted"
PROFILES: Final = (AZURE, LIFTED)

#: The oldest api-version of the compute provider that is answered.
API_VERSION_MIN_DATE: Final = "2021-03-01"

#: What a rule is set to: a switch, whether it refuses; a number, the most that is allowed, where 0 allows any.
RuleValue: TypeAlias = bool | int
_HIGHEST: Final = 1_000_000
_DAYS_MAX: Final = 3650


@frozen(kw_only=True)
class Rule:
    """One limit."""

    name: str
    #: What it refuses, in a list of limits.
    refuses: str
    #: Where Azure documents it, by the item of azure-wire.md that collects the documents.
    source: str
    #: HTTP status of the refusal; None where what runs is ended.
    status: int | None
    code: Code
    #: What was asked and why it is refused; names in braces are filled in by refusal().
    message: str
    #: What to do instead; may have the same names.
    hint: str
    azure: RuleValue = True
    lifted: RuleValue = False
    #: The highest number that may be configured.
    highest: int = _HIGHEST

    @property
    def is_number(self) -> bool:
        """Tell whether it is set to a number."""
        return not isinstance(self.azure, bool)

    def in_profile(self, profile: str) -> RuleValue:
        """Return what a profile sets it to."""
        return self.lifted if profile == LIFTED else self.azure

    def refusal(self, *, target: str = "", **asked: object) -> LimitError:
        """Return the refusal of what was asked; *target* is the JSON path of the value that asked it."""
        return LimitError(self.code, self.message.format_map(asked), hint=self.hint.format_map(asked), target=target, rule=self.name)

    def refusal_for_now(self, seconds: int, asked: Mapping[str, object]) -> LimitError:
        """Return the refusal of what may be asked again after so many *seconds*."""
        message, hint = self.message.format_map(asked), self.hint.format(seconds=seconds)
        return LimitError(self.code, message, hint=hint, rule=self.name, retry_after_seconds=seconds)


@frozen(kw_only=True)
class Limits:
    """The rules in force in one region."""

    profile: str
    #: What the region's configuration says otherwise, by the name of the rule.
    own: Mapping[str, RuleValue] = field(factory=dict)

    def value(self, rule: Rule) -> RuleValue:
        """Return what *rule* is set to here."""
        return self.own.get(rule.name, rule.in_profile(self.profile))

    def enforces(self, rule: Rule) -> bool:
        """Tell whether *rule* refuses here."""
        return bool(self.value(rule))

    def most(self, rule: Rule) -> int:
        """Return the most that a rule with a number allows here; 0 allows any."""
        return int(self.value(rule))


API_VERSION_MIN: Final = Rule(
    name="api_version_min",
    refuses="an api-version of Microsoft.Compute before 2021-03-01",
    source="azure-wire §7.1 (COPY), §6.1",
    status=400,
    code=Code.BAD_REQUEST,
    message="This request can be made with api-version '{oldest}' or newer, not '{version}'.",
    hint="Ask again with a newer one.",
    lifted=True,
)
COPY_OF_COPY: Final = Rule(
    name="copy_of_copy",
    refuses="copying a restore point that is a copy itself",
    source="azure-wire §7.2 (COPY)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Restore point '{point}' in region '{region}' is itself a copy, of {original}; a copy cannot be copied.",
    hint="Copy {original} instead.",
)
COPIES_PER_REGION: Final = Rule(
    name="copies_per_region",
    refuses="a second copy of one restore point in one region, in whatever collection",
    source="azure-wire §7.2 (COPY)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="Restore point '{point}' has a copy in region '{region}' already: {existing}. A second one was asked for.",
    hint="Use that copy, or delete it first.",
)
COPY_ORDER: Final = Rule(
    name="copy_order",
    refuses="a restore point older than the newest one copied into the collection",
    source="azure-wire §7.3 (COPY, FAQ)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="Restore point '{point}' of {time} is older than the newest one copied into collection '{collection}', {existing} of {newest}.",
    hint="Copy a newer restore point, or delete the newer copies first.",
)
COPY_CONCURRENCY: Final = Rule(
    name="copy_concurrency",
    refuses="a copy into a collection into which another is under way",
    source="azure-wire §7.3 (FAQ)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="Restore point '{point}' cannot be copied into collection '{collection}' while the copy {existing} is under way.",
    hint="Wait until its instance view says succeeded, or delete it, then ask again.",
)
SAME_REGION_COPY: Final = Rule(
    name="same_region_copy",
    refuses="a copy within one region: a collection whose source is a collection of its own region, or a point of such a one",
    source="azure-wire §7.2 (FAQ)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Collection '{collection}' is in this region, '{region}'; a copy goes to another one.",
    hint="Create the collection that is to hold the copies in another region, and copy there.",
)
EXCLUDE_DISKS_ON_COPY: Final = Rule(
    name="exclude_disks_on_copy",
    refuses="excludeDisks together with sourceRestorePoint",
    source="azure-wire §7.5 (FAQ)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Disks cannot be excluded from a copy: {disks}.",
    hint="Leave excludeDisks out; exclude them when the local restore point is created.",
)
SOURCES_PER_COLLECTION: Final = Rule(
    name="sources_per_collection",
    refuses="a point of another source collection than the one the target collection was created for",
    source="azure-wire §7.4 (FAQ)",
    status=400,
    code=Code.INVALID_PARAMETER,
    message="Collection '{collection}' takes copies from {source} only; restore point '{point}' is in {other}.",
    hint="Copy into a collection whose source is {other}.",
)

COPY_DURATION: Final = Rule(
    name="copy_duration",
    refuses="a copy that is not complete after so many days: it ends, the percent reached is kept, and what arrived is not sent again",
    source="azure-wire §7.7 (COPY)",
    status=None,
    code=Code.COPY_TIMED_OUT,
    message="the copy was not complete after {allowed}{waiting}",
    hint="Delete this point and copy again: what arrived is kept and not sent twice.",
    azure=14,
    lifted=14,
    highest=_DAYS_MAX,
)
POINTS_PER_VM: Final = Rule(
    name="points_per_vm",
    refuses="a restore point of a VM that has so many in its region",
    source="azure-wire §7.16 (CREATE, CONCEPT)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="VM '{vm}' has {count} restore points in this region; {most} are allowed.",
    hint="Delete some of them first.",
    azure=500,
    lifted=0,
)
COLLECTIONS_PER_REGION: Final = Rule(
    name="collections_per_region",
    refuses="a restore point collection in a region that has so many",
    source="azure-wire §7.16 (CONCEPT)",
    status=409,
    code=Code.OPERATION_NOT_ALLOWED,
    message="Region '{region}' has {count} restore point collections; {most} are allowed.",
    hint="Delete some of them first, or use one that is there.",
    azure=10_000,
    lifted=0,
)
CREATES_PER_HOUR: Final = Rule(
    name="creates_per_hour",
    refuses="a restore point of a VM of which so many were begun within an hour (Azure: 3; off unless configured)",
    source="azure-wire §7.17 (CREATE)",
    status=429,
    code=Code.TOO_MANY_REQUESTS,
    message="{count} restore points of VM '{vm}' were begun within the last hour; {most} are allowed. Nothing was started.",
    hint="Ask again after {seconds} s.",
    azure=0,
    lifted=0,
)
COPIES_PER_HOUR: Final = Rule(
    name="copies_per_hour",
    refuses="a copy into a collection into which so many were begun within an hour (Azure: 3; off unless configured)",
    source="azure-wire §7.17 (CREATE)",
    status=429,
    code=Code.TOO_MANY_REQUESTS,
    message="{count} copies into collection '{collection}' were begun within the last hour; {most} are allowed. Nothing was started.",
    hint="Ask again after {seconds} s.",
    azure=0,
    lifted=0,
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
    COPY_DURATION,
    POINTS_PER_VM,
    COLLECTIONS_PER_REGION,
    CREATES_PER_HOUR,
    COPIES_PER_HOUR,
)
