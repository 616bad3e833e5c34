"""What a PUT or DELETE came to: the resource, whether it is new, and the operation that goes on."""

from typing import Generic, TypeVar

from attrs import frozen

from farpoint.model.operations import Operation

ResourceT = TypeVar("ResourceT")


@frozen(kw_only=True)
class Put(Generic[ResourceT]):
    """What a PUT made or changed."""

    resource: ResourceT
    #: False when it existed already.
    created: bool
    #: Work that goes on after the answer; None when everything is done.
    operation: Operation | None = None
