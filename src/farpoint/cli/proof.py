"""Have a region prove bytes: start a verification, wait for it, tell what it found."""

from farpoint.cli.arm import ArmClient
from farpoint.cli.console import Grid
from farpoint.cli.session import Session
from farpoint.cli.waiting import watch_operation
from farpoint.units import human_bytes


def prove(session: Session, client: ArmClient, path: str, *, title: str, **query: str) -> None:
    """Run the verification at *path* and print its outcome; damage is raised with its place (exit status 5)."""
    watched = watch_operation(client, client.post(path, **query))
    work = session.wait(watched.look, title=f"verification of {title}")
    row = (title, client.region, "sound", human_bytes(work.read_bytes))
    session.console.show(watched.document, Grid(titles=("VERIFIED", "REGION", "RESULT", "READ"), rows=[row]))
    for note in work.notes:
        session.console.warn(note)
    if query.get("full") == "false":
        session.console.say("Earlier checks were leaned on; --full reads every byte again.")
