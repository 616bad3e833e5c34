"""What can go wrong, grouped by what the handler does about it.

Every error carries a stable code (append only), says what was asked and what to do, and where it happened. Nothing here knows
HTTP: the api package maps codes to statuses. Raise or return, never log and raise.
"""

from enum import StrEnum
from typing import ClassVar

from attrs import asdict, field, frozen
from attrs.validators import ge, optional


class Code(StrEnum):
    """Stable error codes; append only, each documented in docs/reference/errors.md."""

    # The request: ARM's own words where azure-wire.md §6 has evidence for them.
    BAD_REQUEST = "BadRequest"
    INVALID_PARAMETER = "InvalidParameter"
    INVALID_REQUEST_CONTENT = "InvalidRequestContent"
    REQUEST_TOO_LARGE = "RequestContentTooLarge"
    REQUEST_TIMEOUT = "RequestTimeout"
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType"
    MISSING_API_VERSION = "MissingApiVersionParameter"
    INVALID_API_VERSION = "InvalidApiVersionParameter"
    AUTHENTICATION_FAILED = "AuthenticationFailed"
    EXPIRED_TOKEN = "ExpiredAuthenticationToken"  # noqa: S105 - an error code, not a secret
    INVALID_CLIENT = "invalid_client"
    AUTHORIZATION_FAILED = "AuthorizationFailed"
    LINKED_AUTHORIZATION_FAILED = "LinkedAuthorizationFailed"
    ROLE_ASSIGNMENT_NOT_FOUND = "RoleAssignmentNotFound"
    ROLE_ASSIGNMENT_EXISTS = "RoleAssignmentExists"
    ROLE_ASSIGNMENT_FIXED = "RoleAssignmentUpdateNotPermitted"
    ROLE_DEFINITION_MISSING = "RoleDefinitionDoesNotExist"
    TOO_MANY_REQUESTS = "TooManyRequests"
    ISSUER_UNAVAILABLE = "IssuerUnavailable"
    NOT_FOUND = "NotFound"
    RESOURCE_NOT_FOUND = "ResourceNotFound"
    RESOURCE_GROUP_NOT_FOUND = "ResourceGroupNotFound"
    GROUP_BEING_DELETED = "ResourceGroupBeingDeleted"
    SUBSCRIPTION_NOT_FOUND = "SubscriptionNotFound"
    INVALID_RESOURCE_NAMESPACE = "InvalidResourceNamespace"
    INVALID_TEMPLATE = "InvalidTemplate"
    METHOD_NOT_ALLOWED = "MethodNotAllowed"
    CONFLICT = "Conflict"
    PROPERTY_CHANGE_NOT_ALLOWED = "PropertyChangeNotAllowed"
    OPERATION_NOT_ALLOWED = "OperationNotAllowed"
    RESTORE_POINT_NOT_READY = "RestorePointNotReady"
    VM_RESTORE_POINT_CLIENT = "VMRestorePointClientError"
    UNKNOWN_REGION = "LocationNotAvailableForResourceType"
    DISK_POINT_USED = "DiskRestorePointUsedByCustomer"
    # Disk bytes over signed URLs: Azure Storage's own words.
    BLOB_NOT_FOUND = "BlobNotFound"
    PERMISSION_MISMATCH = "AuthorizationPermissionMismatch"
    CONDITION_NOT_MET = "ConditionNotMet"
    SEQUENCE_CONDITION_NOT_MET = "SequenceNumberConditionNotMet"
    INVALID_RANGE = "InvalidRange"
    INVALID_PAGE_RANGE = "InvalidPageRange"
    INVALID_HEADER_VALUE = "InvalidHeaderValue"
    INVALID_QUERY_VALUE = "InvalidQueryParameterValue"
    MD5_MISMATCH = "Md5Mismatch"
    CRC64_MISMATCH = "Crc64Mismatch"
    BODY_TOO_LARGE = "RequestBodyTooLarge"
    PREVIOUS_SNAPSHOT_UNSUPPORTED = "PreviousSnapshotOperationNotSupported"
    UNSUPPORTED_VERB = "UnsupportedHttpVerb"
    SERVER_BUSY = "ServerBusy"
    # Disks.
    DISK_NOT_FOUND = "DiskNotFound"
    DISK_UNREADABLE = "DiskUnreadable"
    DISK_UNWRITABLE = "DiskUnwritable"
    DISK_UNSUPPORTED = "DiskUnsupported"
    DISK_IN_USE = "DiskInUse"
    DISK_CHANGED = "DiskChangedDuringCapture"
    DISK_OUTSIDE_POOLS = "DiskOutsidePools"
    TARGET_NOT_EMPTY = "TargetNotEmpty"
    DISK_LOCKED = "DiskLocked"
    # The vault.
    INTEGRITY = "IntegrityError"
    OUT_OF_SPACE = "InsufficientSpace"
    KEY_UNAVAILABLE = "KeyUnavailable"
    BUCKET_UNAVAILABLE = "BucketUnavailable"
    OBJECT_EXISTS = "ObjectExists"
    OBJECT_MISSING = "ObjectMissing"
    CATALOGUE_UNAVAILABLE = "CatalogueUnavailable"
    SECOND_WRITER = "SecondWriter"
    # Regions and operations.
    PEER_UNAVAILABLE = "PeerUnavailable"
    PEER_REFUSED = "PeerRefused"
    PEER_UNTRUSTED = "PeerUntrusted"
    HOLD_LOST = "HoldLost"
    COPY_SOURCE_NOT_FOUND = "CopySourceNotFound"
    COPY_TIMED_OUT = "CopyTimedOut"
    SUPERSEDED = "Superseded"
    INTERRUPTED = "Interrupted"
    DATABASE_BUSY = "DatabaseBusy"
    CONFIGURATION = "InvalidConfiguration"
    INTERNAL = "InternalError"


@frozen(kw_only=True)
class Place:
    """Where something went wrong, as far as it is known; shown to users on failures."""

    #: Disk name as on the VM.
    disk: str | None = None
    #: First byte of the affected disk range.
    offset_bytes: int | None = field(default=None, validator=optional(ge(0)))
    #: Length of the affected disk range.
    length_bytes: int | None = field(default=None, validator=optional(ge(0)))
    #: Pack object name.
    pack: str | None = None
    #: Frame number inside the pack.
    frame: int | None = field(default=None, validator=optional(ge(0)))

    def within(self, outer: "Place") -> "Place":
        """Return this place with what only *outer* knows filled in."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return Place(**{**asdict(outer), **known})

    def __str__(self) -> str:
        """Read as ``disk os, bytes 0-262143, pack packs/ab/…, frame 3``."""
        words = []
        if self.disk is not None:
            words.append(f"disk {self.disk}")
        if self.offset_bytes is not None:
            last = self.offset_bytes + (self.length_bytes or 1) - 1
            words.append(f"bytes {self.offset_bytes}-{last}")
        if self.pack is not None:
            words.append(f"pack {self.pack}")
        if self.frame is not None:
            words.append(f"frame {self.frame}")
        return ", ".join(words)


NOWHERE = Place()


def sentence(message: str, *, where: str = "", hint: str = "") -> str:
    """Join what failed, where, and what to do into one line, with a full stop before the hint."""
    if where:
        message = f"{message.removesuffix('.')} ({where}){'.' if message.endswith('.') else ''}"
    if not hint:
        return message
    return f"{message}{'' if message.endswith(('.', '!', '?')) else '.'} {hint}"


class Cause(StrEnum):
    """What kind of cause a failure has, for programs that decide what to do next."""

    #: The request cannot be done, now or ever, as it was asked; a limit is one kind.
    REFUSED = "refused"
    LIMIT = "limit"
    #: A region, store or key did not answer.
    UNAVAILABLE = "unavailable"
    #: Bytes are not what they must be.
    DAMAGE = "damage"
    #: There is no room.
    SPACE = "space"
    #: Somebody ended it.
    ENDED = "ended"
    #: None of these; a bug of ours is one.
    FAULT = "fault"


class FarpointError(Exception):
    """Base of every error we raise on purpose: a code, a sentence, a hint, a place."""

    cause: ClassVar[Cause] = Cause.FAULT

    def __init__(self, code: Code, message: str, *, hint: str = "", target: str = "", place: Place = NOWHERE) -> None:
        """Say what failed (*message*), what to do (*hint*), which input (*target*, a JSON path) and where (*place*)."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.target = target
        self.place = place

    def __str__(self) -> str:
        """Join message, place and hint into one line for people."""
        return sentence(self.message, where=str(self.place), hint=self.hint)


class RefusedError(FarpointError):
    """The request cannot be done as asked; nothing was started. The caller changes the request."""

    cause: ClassVar[Cause] = Cause.REFUSED

    def within(self, outer: Place) -> "RefusedError":
        """Return the same error, also saying what *outer* knows about where it happened."""
        return RefusedError(self.code, self.message, hint=self.hint, target=self.target, place=self.place.within(outer))


class LimitError(RefusedError):
    """The request is against a limit that has a name (model.limits); nothing was started."""

    cause: ClassVar[Cause] = Cause.LIMIT

    def __init__(self, code: Code, message: str, *, rule: str, hint: str, target: str = "", retry_after_seconds: int | None = None) -> None:
        """Name the *rule*, and after how many seconds there is room again, if time makes room; the rest as every refusal."""
        super().__init__(code, message, hint=hint, target=target)
        self.rule = rule
        self.retry_after_seconds = retry_after_seconds


class ThrottledError(RefusedError):
    """Too much was asked at once; nothing was started, and the same may be asked again later."""

    def __init__(self, message: str, *, hint: str, retry_after_seconds: int) -> None:
        """Say who asks too much of what, and after how many seconds there is room again."""
        super().__init__(Code.TOO_MANY_REQUESTS, message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(FarpointError):
    """Something outside is not answering now. The only class that is retried."""

    cause: ClassVar[Cause] = Cause.UNAVAILABLE


class IntegrityError(FarpointError):
    """Stored or received bytes are not what they must be. Never retried, never swallowed, always counted."""

    cause: ClassVar[Cause] = Cause.DAMAGE

    def __init__(self, message: str, *, hint: str = "", place: Place = NOWHERE) -> None:
        """Name what is wrong and where; the code is always ``IntegrityError``."""
        super().__init__(Code.INTEGRITY, message, hint=hint, place=place)

    def within(self, outer: Place) -> "IntegrityError":
        """Return the same error, also saying what *outer* knows about where it happened."""
        return IntegrityError(self.message, hint=self.hint, place=self.place.within(outer))


class OutOfSpaceError(FarpointError):
    """A disk or bucket is full; somebody must make room, then the work goes on."""

    cause: ClassVar[Cause] = Cause.SPACE

    def __init__(self, message: str, *, needed_bytes: int, free_bytes: int, place: Place = NOWHERE) -> None:
        """State what the write that failed needs and what is free, in bytes."""
        numbers = f"needed: {needed_bytes} bytes, free: {free_bytes} bytes"
        hint = "Make room, then ask again: what was stored is reused."
        super().__init__(Code.OUT_OF_SPACE, f"{message}; {numbers}", hint=hint, place=place)
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


class SupersededError(FarpointError):
    """Another worker claimed this operation; this one must stop writing at once, silently."""

    def __init__(self, operation: str) -> None:
        """Name the operation whose claim was lost."""
        super().__init__(Code.SUPERSEDED, f"operation {operation} was taken over by another worker")


class HoldLostError(FarpointError):
    """The source region no longer knows our hold; hold again and plan again."""

    def __init__(self, message: str) -> None:
        """Say which hold, and why the source let it go."""
        super().__init__(Code.HOLD_LOST, message)


class SecondWriterError(FarpointError):
    """Somebody else writes this region's catalogue log; this process must stop before it answers anything more."""

    def __init__(self, name: str) -> None:
        """Name the entry that the other one wrote."""
        message = f"{name} was written by somebody else, so this database does not know how the region's catalogue log goes on"
        hint = "Two processes use this bucket with two databases, or this database was restored from an old copy: run the newest alone."
        super().__init__(Code.SECOND_WRITER, message, hint=hint)
