"""One type per kind of id, so that a node id cannot be passed where a chunk id is wanted."""

import uuid
from typing import NewType

#: BLAKE3 derive-key hash of one block's bytes, 32 bytes.
ChunkId = NewType("ChunkId", bytes)
#: BLAKE3 derive-key hash of one encoded map node, 32 bytes.
NodeId = NewType("NodeId", bytes)
#: 24 bytes from the operating system, fresh for each attempt to write a pack.
PackId = NewType("PackId", bytes)
#: GUID that names a manifest object; never an ARM name.
ManifestId = NewType("ManifestId", uuid.UUID)
#: GUID of one region deployment; a rebuilt region of the same name has another.
RegionId = NewType("RegionId", uuid.UUID)
#: GUID of one key scope: a subscription's platform key, or one disk encryption set.
ScopeId = NewType("ScopeId", uuid.UUID)
#: GUID of one durable operation; also its workflow id.
OperationId = NewType("OperationId", uuid.UUID)
#: GUIDs of resources.
GroupId = NewType("GroupId", uuid.UUID)
DiskId = NewType("DiskId", uuid.UUID)
SnapshotId = NewType("SnapshotId", uuid.UUID)
DescriptionId = NewType("DescriptionId", uuid.UUID)
VmId = NewType("VmId", uuid.UUID)
CollectionId = NewType("CollectionId", uuid.UUID)
PointId = NewType("PointId", uuid.UUID)
DiskPointId = NewType("DiskPointId", uuid.UUID)
