"""``farpoint limits``: which of Azure's limits are in force, region by region."""

from typing import Final

from farpoint.cli.arm import ArmClient
from farpoint.cli.console import Grid
from farpoint.cli.documents import look, text
from farpoint.cli.options import SHARED, SharedOptions
from farpoint.cli.session import Session, open_session
from farpoint.model.documents import JsonObject

_TITLES: Final = ("REGION", "LIMIT", "HERE", "AZURE", "LIFTED", "REFUSES")


def limits(*, shared: SharedOptions = SHARED) -> None:
    """Show every limit: what the region sets it to, what the two profiles say, and what it refuses."""
    with open_session(shared) as session:
        listed = _listed(session)
        session.console.show_list(listed, Grid(titles=_TITLES, rows=[_row(limit) for limit in listed]))


def _listed(session: Session) -> list[JsonObject]:
    """Return the limits of the region the caller named, or of each."""
    if session.region:
        return _limits(session.fleet.region(session.region))
    return [limit for found in session.fleet.ask_each(_limits).found for limit in found.value]


def _limits(client: ArmClient) -> list[JsonObject]:
    return client.pages(client.subscription_path("providers", "Farpoint", "limits"))


def _row(limit: JsonObject) -> tuple[str, ...]:
    own = _word(look(limit, "properties", "value"))
    return (
        text(limit, "location"),
        text(limit, "name"),
        f"{own}, configured" if look(limit, "properties", "isConfigured") is True else own,
        *(_word(look(limit, "properties", "profiles", profile)) for profile in ("azure", "lifted")),
        text(limit, "properties", "refuses"),
    )


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "refused" if value else "allowed"
    return "any" if value == 0 else str(value)
