"""Options that many commands share."""

from collections.abc import Callable
from typing import Annotated, Literal

from attrs import frozen
from cyclopts import Parameter

from farpoint.cli.naming import check_name
from farpoint.model.names import CHILD, GROUP, VM, NameRule


def _checking(what: str, rule: NameRule = CHILD) -> Callable[[object, str | tuple[str, ...] | None], None]:
    """Return what refuses names that no resource of the kind can have, before anything is asked: some would lead elsewhere."""

    def check(_type: object, value: str | tuple[str, ...] | None) -> None:
        for name in (value,) if isinstance(value, str) else value or ():
            check_name(name, what=what, rule=rule)

    return check


VM_NAME = Parameter(validator=_checking("virtual machine", VM))
DISK_NAME = Parameter(validator=_checking("disk"))
COLLECTION_NAME = Parameter(validator=_checking("collection"))
_GROUP_NAME = Parameter(validator=_checking("resource group", GROUP))

OutputForm = Literal["table", "json"]


@Parameter(name="*")
@frozen(kw_only=True)
class SharedOptions:
    """Where to look and how to print."""

    group: Annotated[str, Parameter(name=("--group", "-g"), help="Resource group."), _GROUP_NAME] = "default"
    region: Annotated[str, Parameter(name="--region", help="Region to ask; all by default.")] = ""
    output: Annotated[OutputForm, Parameter(name=("--output", "-o"), help="Tables, or the ARM resources as JSON.")] = "table"


@Parameter(name="*")
@frozen(kw_only=True)
class Waiting:
    """Whether to stay until the work is done."""

    wait: Annotated[bool, Parameter(name="--wait", negative=(), help="Return when the work is complete and verified, or has failed.")] = (
        False
    )
    timeout: Annotated[float | None, Parameter(name="--timeout", help="Seconds to wait at most; the work goes on.")] = None


SHARED = SharedOptions()
WAITING = Waiting()
