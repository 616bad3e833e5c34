"""The tree of commands; each line names the module that is imported when the command is asked for."""

from collections.abc import Callable

from cyclopts import App

#: Where each command lives; its own help is in its module, so that listing them imports none.
_COMMANDS = {
    "dev": ("farpoint.cli.dev.commands:app", "Run regions on this machine, with a throw-away authority."),
    "serve": ("farpoint.cli.serve:serve", "Run one region."),
    "vm": ("farpoint.cli.vm:app", "Register virtual machines with their disks, and show them."),
    "collection": ("farpoint.cli.collection:app", "Show and delete restore point collections."),
    "point": ("farpoint.cli.point:app", "Make, copy, watch and delete restore points."),
    "disk": ("farpoint.cli.disk:app", "Restore disks from restore points, show, verify and forget them."),
    "region": ("farpoint.cli.region:app", "Show regions."),
    "limits": ("farpoint.cli.limits:limits", "Show which of Azure's limits are in force."),
    "activity": ("farpoint.cli.activity:activity", "Show who asked to change what, and what came of it."),
    "verify": ("farpoint.cli.verify:verify", "Prove that a restore point can be restored."),
}


def command_tree(version: Callable[[], str]) -> App:
    """Return the program's commands."""
    app = App(
        name="farpoint",
        help="VM restore points with cross-region copy, behind Azure's own API, on your own disks.",
        version=version,
        # Markdown would import a parser and a highlighter: half the time of --help.
        help_format="plaintext",
        # The caller turns an interruption into exit status 130.
        suppress_keyboard_interrupt=False,
    )
    for name, (module, summary) in _COMMANDS.items():
        app.command(module, name=name, help=summary)
    return app
