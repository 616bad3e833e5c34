"""Whether a node can stand where a map has it: level, block size, and nothing past the end of the disk."""

from farpoint.codec.node_format import Node
from farpoint.errors import IntegrityError
from farpoint.model.disk import FANOUT, Geometry


def check_place(node: Node, geometry: Geometry, *, level: int, index: int) -> None:
    """Raise IntegrityError unless *node* can be the node at (level, index) of a disk of *geometry*.

    Its id proves what it says, not that it belongs here: a map that was made to mislead can name any node anywhere.
    """
    if (node.level, node.block_bytes) != (level, geometry.block_bytes):
        message = "a map node belongs to another level or block size"
        raise IntegrityError(message)
    last = max(slot for slot, child in enumerate(node.children) if child is not None)
    if (index * FANOUT + last) * FANOUT**level >= geometry.block_count:
        message = "a map node reaches past the end of the disk"
        raise IntegrityError(message)
