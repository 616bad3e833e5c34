"""What a step costs, counted: requests to the bucket and bytes, map nodes, bytes of the disk; and seconds."""

from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from farpoint.bucket.bucket import Bucket, Buffer, ObjectInfo


@frozen(kw_only=True)
class Cost:
    """One step's."""

    seconds: float
    bucket_reads: int
    bucket_read_bytes: int
    objects_written: int
    written_bytes: int
    #: Nodes that planning compared or closing entered; None where neither tells.
    nodes: int | None
    disk_bytes: int


@define
class Counts:
    """What a bucket was asked so far."""

    reads: int = 0
    read_bytes: int = 0
    puts: int = 0
    put_bytes: int = 0


@define
class CountedBucket:
    """Satisfies farpoint.bucket.bucket.Bucket: counts, and passes everything on."""

    inner: Bucket
    counts: Counts = field(factory=Counts)

    def put(self, name: str, parts: Sequence[Buffer]) -> None:
        """Write an object."""
        self.inner.put(name, parts)
        self.counts.puts += 1
        self.counts.put_bytes += sum(map(len, parts))

    def get(self, name: str) -> bytes:
        """Return an object."""
        data = self.inner.get(name)
        self._count_read(len(data))
        return data

    def read_into(self, name: str, offset_bytes: int, buffer: memoryview) -> int:
        """Read a range."""
        length = self.inner.read_into(name, offset_bytes, buffer)
        self._count_read(length)
        return length

    def size(self, name: str) -> int:
        """Return an object's length."""
        self._count_read(0)
        return self.inner.size(name)

    def delete(self, name: str) -> None:
        """Remove an object."""
        self.inner.delete(name)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List objects."""
        self._count_read(0)
        return self.inner.list(prefix)

    def _count_read(self, length: int) -> None:
        self.counts.reads += 1
        self.counts.read_bytes += length
