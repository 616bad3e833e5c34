"""One direction of an emulated link: when each packet that goes in comes out, or that it never does.

A packet waits until those before it are sent at the link's rate, then travels for the delay. It is dropped when more than the buffer
waits, as routers do, and lost or delayed by chance, segment by segment. Everything follows from the profile, the seed, the packets and
their times; nothing here waits or looks at a clock.
"""

import heapq
import math
import random
from collections.abc import Iterator
from typing import Final

from attrs import define, field, frozen
from bench.wan.segments import cut, segment_count, wire_bytes

_MEGABIT_BYTES: Final = 125_000


@frozen(kw_only=True)
class Profile:
    """What the link is like, each way."""

    delay_seconds: float = 0.075
    rate_megabits: float = 1000.0
    #: Share of segments that are lost.
    loss: float = 0.0
    #: Share of segments that come late, so that later ones overtake them.
    reordering: float = 0.0
    late_seconds: float = 0.005
    #: What may wait to be sent: by default as much as is under way in one round trip.
    buffer_bytes: int = 18_750_000


@define
class Counts:
    """What became of the segments."""

    carried: int = 0
    lost: int = 0
    late: int = 0
    #: Dropped because the buffer was full.
    overflowed: int = 0
    #: Dropped because the link was cut.
    partitioned: int = 0
    carried_bytes: int = 0


class Link:
    """Packets in, packets out. Times are seconds of any one clock."""

    def __init__(self, profile: Profile, *, seed: int) -> None:
        """Begin with nothing under way."""
        self.counts = Counts()
        #: A cut link drops what comes in; what is under way still arrives.
        self.is_partitioned = False
        self._rng = random.Random(seed)
        self._free_at = -math.inf
        #: (time of arrival, number, packet): equal times keep their order.
        self._under_way: list[tuple[float, int, bytes]] = []
        self._number = 0
        self.change(profile)

    def change(self, profile: Profile) -> None:
        """Go on with another profile; what is under way is not touched."""
        self._profile = profile
        self._lost = _Chance(profile.loss, self._rng)
        self._late = _Chance(profile.reordering, self._rng)

    def offer(self, packet: bytes, now: float) -> None:
        """Take a packet that was sent at *now*."""
        count = segment_count(packet)
        if self.is_partitioned:
            self.counts.partitioned += count
            return
        rate = self._profile.rate_megabits * _MEGABIT_BYTES
        each = wire_bytes(packet) / count
        free_at = max(now, self._free_at)
        room_bytes = self._profile.buffer_bytes - (free_at - now) * rate
        fitting = max(0, min(count, int(room_bytes / each)))
        self.counts.overflowed += count - fitting
        if not fitting:
            return
        self._free_at = free_at + fitting * each / rate
        self.counts.carried_bytes += round(fitting * each)
        for part, late in self._survivors(packet if fitting == count else cut(packet, 0, fitting), fitting):
            heapq.heappush(self._under_way, (self._free_at + self._profile.delay_seconds + late, self._number, part))
            self._number += 1

    def due(self, now: float) -> Iterator[bytes]:
        """Yield the packets that have arrived by *now*, each once."""
        while self._under_way and self._under_way[0][0] <= now:
            yield heapq.heappop(self._under_way)[2]

    @property
    def next_due(self) -> float:
        """When the next packet arrives; infinity when none is under way."""
        return self._under_way[0][0] if self._under_way else math.inf

    def _survivors(self, packet: bytes, count: int) -> Iterator[tuple[bytes, float]]:
        """Yield what arrives of a packet, cut around the segments that chance picks, with how late it is."""
        lost, late = set(self._lost.take(count)), set(self._late.take(count))
        late -= lost
        self.counts.lost += len(lost)
        self.counts.late += len(late)
        self.counts.carried += count - len(lost)
        start = 0
        for place in sorted(lost | late):
            if start < place:
                yield cut(packet, start, place), 0.0
            if place in late:
                yield (cut(packet, place, place + 1) if count > 1 else packet), self._profile.late_seconds
            start = place + 1
        if start < count:
            yield (cut(packet, start, count) if start else packet), 0.0


@define
class _Chance:
    """Picks a share of a sequence, each on its own; costs as much as it picks, not as long as the sequence is."""

    share: float
    rng: random.Random
    _gap: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._gap = self._draw()

    def take(self, count: int) -> Iterator[int]:
        """Yield the places that are picked among the next *count*."""
        place = self._gap
        while place < count:
            yield int(place)
            place += 1 + self._draw()
        self._gap = place - count

    def _draw(self) -> float:
        """Return how many are passed over before the next pick: geometrically distributed."""
        if self.share <= 0:
            return math.inf
        if self.share >= 1:
            return 0
        return math.floor(math.log(1 - self.rng.random()) / math.log(1 - self.share))
