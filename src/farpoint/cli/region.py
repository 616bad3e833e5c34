"""``farpoint region``: the regions the environment names."""

from cyclopts import App

from farpoint.cli.arm import ArmClient
from farpoint.cli.console import Grid
from farpoint.cli.documents import text
from farpoint.cli.failures import MissingError, UnreachableError, UsageError
from farpoint.cli.options import SHARED, SharedOptions
from farpoint.cli.session import open_session
from farpoint.config.environment import endpoint_suffix
from farpoint.model.documents import JsonObject

app = App(name="region", help="Show regions.")

_TITLES = ("REGION", "STATE", "ENDPOINT")


@app.command(name="list")
def list_regions(*, shared: SharedOptions = SHARED) -> None:
    """List the regions, and whether each answers."""
    with open_session(shared) as session:
        poll = session.fleet.ask_each(_own_location)
        answering = {found.region: found.value for found in poll.found}
        rows = [
            (text(answering.get(name, {}), "name") or name, "up" if name in answering else "unreachable", url)
            for name, url in session.fleet.endpoints.items()
        ]
        session.console.show_list(list(answering.values()), Grid(titles=_TITLES, rows=rows))
        if not answering:
            message = "no region answers"
            raise UnreachableError(message)


@app.command
def show(name: str, /, *, shared: SharedOptions = SHARED) -> None:
    """Show a region and the other regions it knows."""
    with open_session(shared) as session:
        client = session.fleet.region(name)
        locations = _locations(client)
        own = next((one for one in locations if _is(one, name)), None)
        if own is None:
            message = f"the endpoint for {name} serves other regions: {', '.join(text(one, 'name') for one in locations)}"
            raise MissingError(message)
        peers = [(text(one, "name"),) for one in locations if one is not own]
        summary = Grid(titles=_TITLES, rows=[(text(own, "name"), "up", session.fleet.endpoints.get(client.region, ""))])
        session.console.show(own, summary, Grid(titles=("PEER",), rows=peers))


app.command("farpoint.cli.region_keys:recovery_kit", name="recovery-kit", help="Seal the region's keys under a passphrase.")
app.command("farpoint.cli.region_keys:open_recovery_kit", name="open-recovery-kit", help="Write the key files of a recovery kit.")
app.command(
    "farpoint.cli.region_keys:rotate_key", name="rotate-key", help="Add a key encryption key; the next start wraps all keys under it."
)


@app.command(name="hash-secret")
def hash_secret() -> None:
    """Read a client's secret from stdin; print its hash for the configuration file."""
    import sys

    from farpoint.clock import SystemEntropy
    from farpoint.keys.clients import hash_secret as hash_of

    secret = sys.stdin.readline().rstrip("\n")
    if not secret:
        message = "stdin holds no secret; give one, as in: printf %s SECRET | farpoint region hash-secret"
        raise UsageError(message)
    print(hash_of(secret, SystemEntropy()))


def _own_location(client: ArmClient) -> JsonObject:
    locations = _locations(client)
    return next((one for one in locations if _is(one, client.region)), locations[0] if locations else {})


def _locations(client: ArmClient) -> list[JsonObject]:
    return client.pages(client.subscription_path("locations"))


def _is(location: JsonObject, name: str) -> bool:
    return endpoint_suffix(text(location, "name")) == endpoint_suffix(name)
