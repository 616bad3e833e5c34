"""A restore point together with the rows a full answer about it needs."""

from attrs import frozen

from farpoint.model.operations import Operation
from farpoint.model.resources import CopyState, DiskRestorePoint, ProvisioningState, RestorePoint


@frozen(kw_only=True)
class PointDetails:
    """One restore point, its disks (OS disk first, then by lun) and the operation that makes it."""

    point: RestorePoint
    disks: tuple[DiskRestorePoint, ...]
    operation: Operation | None

    @property
    def is_copy(self) -> bool:
        """True when the point was copied here from another region."""
        return self.point.source_point_id is not None

    @property
    def complete(self) -> bool:
        """True when every byte is here and checked: the point can be restored."""
        return self.point.manifest is not None

    @property
    def has_failed(self) -> bool:
        """True when its making ended without a complete point: it will never be one."""
        ended_badly = self.point.provisioning_state is ProvisioningState.FAILED or self.point.copy_state is CopyState.FAILED
        return ended_badly and not self.complete

    @property
    def shows_disks(self) -> bool:
        """True once disk restore points may be shown: never while creating, and never for a capture that came to nothing."""
        if self.point.provisioning_state is ProvisioningState.CREATING:
            return False
        return self.is_copy or self.complete

    @property
    def copy_state(self) -> CopyState:
        """How far the copy is; a point that is complete has succeeded whatever else is recorded."""
        if self.complete:
            return CopyState.SUCCEEDED
        return self.point.copy_state or CopyState.REPLICATING
