"""How a command fails: a sentence for stderr and an exit status that means something.

Errors of our own code (farpoint.errors) keep their class; farpoint.cli.main gives them their status with ``exit_of``.
"""

from enum import IntEnum
from http import HTTPStatus

from farpoint.errors import Code, FarpointError, IntegrityError, RefusedError, UnavailableError, sentence


class Exit(IntEnum):
    """Exit statuses; documented in docs/reference/cli.md."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    UNREACHABLE = 4
    DAMAGED = 5
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on; ``exit`` is its status."""

    exit = Exit.FAILED


class UsageError(CommandError):
    """What was typed or configured makes no sense."""

    exit = Exit.USAGE


class MissingError(CommandError):
    """No region that answered has the resource."""

    exit = Exit.NOT_FOUND


class UnreachableError(CommandError):
    """A region that is needed does not answer."""

    exit = Exit.UNREACHABLE


class InterruptedCommandError(CommandError):
    """The user ended a command that has its own word about what is left."""

    exit = Exit.INTERRUPTED


class OperationFailedError(CommandError):
    """An operation ended as Failed; the sentence carries its code, disk, offset and cause."""

    def __init__(self, message: str, *, damaged: bool = False) -> None:
        """Say what failed; *damaged* when stored or restored bytes are not what they must be."""
        super().__init__(message)
        self.exit = Exit.DAMAGED if damaged else Exit.FAILED


#: Statuses of answers that mean the request itself was wrong.
_BAD_REQUESTS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED)


class ApiError(CommandError):
    """A region answered with an ARM error."""

    def __init__(self, status: int, code: str, message: str, *, region: str, hint: str = "") -> None:
        """Keep the answer; *region* is who gave it, *hint* the end of the message that says what to do."""
        super().__init__(f"{code}: {message}" + (f" [{region}]" if region else ""))
        self.status = status
        self.code = code
        self.message = message
        self.region = region
        self.hint = hint
        self.exit = _exit_of_answer(status, code)

    def advising(self, hint: str) -> "ApiError":
        """Return the same error with a hint in the command line's words instead of the API's."""
        message = self.message.removesuffix(self.hint).rstrip() if self.hint else self.message
        return ApiError(self.status, self.code, sentence(message, hint=hint), region=self.region, hint=hint)


def _exit_of_answer(status: int, code: str) -> Exit:
    if code == Code.INTEGRITY:
        return Exit.DAMAGED
    if code in {Code.PEER_UNAVAILABLE, Code.PEER_UNTRUSTED}:
        return Exit.UNREACHABLE
    if status == HTTPStatus.NOT_FOUND:
        return Exit.NOT_FOUND
    return Exit.USAGE if status in _BAD_REQUESTS else Exit.FAILED


def exit_of(error: CommandError | FarpointError) -> Exit:
    """Return the exit status for *error*."""
    if isinstance(error, CommandError):
        return error.exit
    if isinstance(error, IntegrityError):
        return Exit.DAMAGED
    if isinstance(error, UnavailableError):
        return Exit.UNREACHABLE
    return Exit.USAGE if isinstance(error, RefusedError) else Exit.FAILED
