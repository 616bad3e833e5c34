"""What the program has must be in the reference pages, under the name it has there."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from farpoint.config.settings import SETTINGS
from farpoint.errors import Code
from farpoint.model.operations import OperationKind

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
#: Pages that link to files of this repository.
PAGES = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
LINK = re.compile(r"\[[^\]]*\]\((?!\w+:|#)([^)#\s]+)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    path = REFERENCE / name
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing: write the page, then say on it what this test lists", pytrace=False)
    return path.read_text(encoding="utf-8")


def undocumented(names: Iterator[str] | list[str], text: str) -> list[str]:
    """Return those of *names* that *text* does not show as code, alone or with something after them."""
    return [name for name in names if not re.search(rf"`{re.escape(name)}(?![\w.-])[^`\n]*`", text)]


def commands(app: App, words: tuple[str, ...] = ("farpoint",)) -> Iterator[str]:
    """Yield the full name of every command that does something; synonyms and hidden commands need no entry of their own."""
    seen = set()
    for name in app:
        command = app[name]
        if name.startswith("-") or name != command.name[0] or not command.show or id(command) in seen:
            continue
        seen.add(id(command))
        if command.default_command is not None:
            yield " ".join((*words, name))
        yield from commands(command, (*words, name))


def command_line() -> App:
    """Return the command line's app, under whatever name farpoint.cli.main keeps or builds it."""
    main = importlib.import_module("farpoint.cli.main")
    for value in vars(main).values():
        if isinstance(value, App):
            return value
    for name in ("build_app", "make_app", "create_app"):
        if callable(build := getattr(main, name, None)) and isinstance(app := build(), App):
            return app
    pytest.fail("farpoint.cli.main has no cyclopts App: keep one as a module-level name, or return one from build_app()", pytrace=False)


def test_every_error_code_is_documented() -> None:
    assert undocumented([code.value for code in Code], page("errors.md")) == []


def test_every_setting_is_documented() -> None:
    assert undocumented([setting.name for setting in SETTINGS], page("configuration.md")) == []


def test_every_default_stands_beside_its_setting() -> None:
    lines = page("configuration.md").splitlines()
    offences = []
    for setting in SETTINGS:
        if setting.default in {None, "", ()}:
            continue
        values = setting.default if isinstance(setting.default, tuple) else (setting.default,)
        beside = [line for line in lines if f"`{setting.name}`" in line]
        offences += [f"{setting.name} = {value}" for value in values if not any(str(value) in line for line in beside)]
    assert offences == []


def test_every_command_is_documented() -> None:
    names = list(commands(command_line()))
    assert names != []
    assert undocumented(names, page("cli.md")) == []


def test_every_kind_of_operation_is_documented() -> None:
    assert undocumented([kind.value for kind in OperationKind], page("operations.md")) == []


def test_every_link_between_pages_leads_somewhere() -> None:
    offences = []
    for path in PAGES:
        targets = LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
        offences += [f"{path.relative_to(ROOT)}: {target}" for target in targets if not (path.parent / target).exists()]
    assert offences == []
