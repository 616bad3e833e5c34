"""Access grants: who may read or write the bytes of a disk through a signed URL, and until when."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import NewType

from attrs import field, frozen
from attrs.validators import ge

#: GUID of one grant; the ``si`` of its URL.
GrantId = NewType("GrantId", uuid.UUID)


class AccessLevel(StrEnum):
    """What a grant allows, in ARM's words. Write includes reading."""

    READ = "Read"
    WRITE = "Write"


class BlobFormat(StrEnum):
    """What the URL shows, and the second segment of its path: the disk's bytes, or a fixed VHD of them."""

    VHD = "vhd"
    RAW = "raw"


@frozen(kw_only=True)
class AccessGrant:
    """One grant; a resource has at most one."""

    id: GrantId
    #: GUID of the disk restore point, disk or snapshot.
    subject: uuid.UUID
    #: ARM type of the subject, as Azure writes it.
    subject_type: str
    access: AccessLevel
    format: BlobFormat
    expires_at: dt.datetime
    #: The page blob's own number, which its writers may set and make a condition.
    sequence_number: int = field(default=0, validator=ge(0))
    #: Footer of a VHD that is being uploaded, once it came: it is no part of the disk.
    footer: bytes | None = None

    def is_live(self, now: dt.datetime) -> bool:
        """Tell whether the URL is good at *now*."""
        return now < self.expires_at
