"""What regions hand to each other for their clients: catalogue pages, and requests carried to the region they concern."""

from attrs import field, frozen

from farpoint.model.directory import DirectoryRecord
from farpoint.model.documents import JsonObject


@frozen(kw_only=True)
class CatalogueEntry:
    """What became of one resource or directory record."""

    seq: int
    #: ARM id without its subscription, as created.
    path: str
    #: What a GET of it answers there, everything expanded, then the same of its parts (a restore point's disks). Empty: deleted.
    documents: tuple[JsonObject, ...] = ()
    #: A directory record has no documents.
    record: DirectoryRecord | None = None


@frozen(kw_only=True)
class CataloguePage:
    """Changes of a region, oldest first."""

    #: Epoch of the region's database: numbers of another epoch mean nothing.
    epoch: int
    #: Number of the newest change there is.
    head: int
    entries: tuple[CatalogueEntry, ...]


@frozen(kw_only=True)
class RelayedRequest:
    """A client's request as one region hands it to another."""

    method: str
    path: str
    #: As in the URL, without the question mark.
    query: str
    #: Those that matter; none says who somebody is but the token in ``authorization``, which is checked again.
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    #: Address of the client as the asked region saw it.
    client: str


@frozen(kw_only=True)
class RelayedAnswer:
    """What the other region answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
