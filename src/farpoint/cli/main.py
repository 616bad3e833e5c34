"""The program: find the command, run it, turn how it ended into a sentence and an exit status.

Command modules are imported when they are asked for, and rich only when something is drawn: a command starts in 0.3 s.
"""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from farpoint.cli.failures import CommandError, Exit, exit_of
from farpoint.errors import FarpointError

if TYPE_CHECKING:
    from cyclopts import App


def main() -> NoReturn:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status."""
    if list(arguments) == ["--version"]:
        print(_version())
        return Exit.OK
    try:
        return _run(arguments)
    except (CommandError, FarpointError) as error:
        print(f"farpoint: {error}", file=sys.stderr)
        return exit_of(error)
    except KeyboardInterrupt:
        print("farpoint: interrupted; what regions have begun goes on", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; what Python still wants to flush has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED


def build_app() -> "App":
    """Return the commands."""
    from farpoint.cli.commands import command_tree

    return command_tree(_version)


def _run(arguments: Sequence[str]) -> int:
    from cyclopts import CycloptsError

    try:
        result: object = build_app()(list(arguments), print_error=False, exit_on_error=False, result_action="return_value")
    except CycloptsError as error:
        print(f"farpoint: {error}\nfarpoint: see farpoint --help", file=sys.stderr)
        return Exit.USAGE
    return result if isinstance(result, int) else Exit.OK


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("farpoint")
    except PackageNotFoundError:
        return "0+source"
