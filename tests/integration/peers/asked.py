"""Blocks of a peer, asked for at once."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from farpoint.model.remote import WireChunk
from farpoint.peers.source import PeerSource


def blocks_of(source: PeerSource, token: str, *, disk: str, blocks: Sequence[int]) -> Iterator[WireChunk]:
    """Ask for *blocks* of a held disk and yield them."""
    with closing(source.block_stream(token, disk=disk)) as stream:
        stream.ask(blocks)
        yield from stream.take()
