"""Options that many commands share."""

from typing import Annotated, Literal

from attrs import frozen
from cyclopts import Parameter

OutputForm = Literal["table", "json"]


@Parameter(name="*")
@frozen(kw_only=True)
class SharedOptions:
    """Where to look and how to print."""

    group: Annotated[str, Parameter(name=("--group", "-g"), help="Resource group.")] = "default"
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
