"""``farpoint verify``: prove a restore point."""

from typing import Annotated

from cyclopts import Parameter

from farpoint.cli.options import SHARED, SharedOptions


def verify(
    point: str,
    /,
    *,
    full: Annotated[
        bool, Parameter(name="--full", negative=(), help="Read every byte again, not only what has not been checked yet.")
    ] = False,
    shared: SharedOptions = SHARED,
) -> None:
    """Prove that a restore point can be restored, byte for byte."""
    from farpoint.cli.lookup import find_point, point_segments
    from farpoint.cli.naming import parse_point_name
    from farpoint.cli.proof import prove
    from farpoint.cli.session import open_session

    name = parse_point_name(point)
    with open_session(shared) as session:
        found = find_point(session, name)
        path = found.client.compute_path(session.group, *point_segments(name), "verify")
        prove(session, found.client, path, title=str(name), full="true" if full else "false")
