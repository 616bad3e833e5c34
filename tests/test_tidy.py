"""The house rules that no linter keeps: sizes, names, reasons, and modules that nobody uses."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "farpoint"
FOLDERS = ("src", "tests", "bench", "tools")

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
BANNED_WORDS = frozenset({"util", "utils", "helper", "helpers", "manager", "misc"})
#: These say nothing as the name of a module or class; in a function's they may be somebody's word (common name, base path).
BANNED_NOUNS = BANNED_WORDS | {"base", "common"}
#: Run by name, not imported: ``python -m farpoint`` and the console script of pyproject.toml.
ENTRY_POINTS = frozenset({"farpoint.__main__", "farpoint.cli.main"})

#: A suppression with its reason: "noqa: XYZ123 - because", and for mypy's a second comment after the codes.
NOQA = re.compile(r"#\s*noqa\b(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* - \w)", re.IGNORECASE)
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[[\w\-, ]+\]\s+# \w)")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def modules() -> dict[str, Path]:
    """Return the modules of the package by dotted name; packages go by their own name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def words_of(name: str) -> set[str]:
    return {word.lower() for word in WORD.findall(name)}


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(tree_of(path))


def imported_by(path: Path) -> Iterator[str]:
    """Yield every dotted name that *path* imports, and names in strings, as lazily loaded commands are written."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("farpoint."):
            yield node.value.partition(":")[0]


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files()}
    assert [f"{at(path, lines)} has {lines} lines" for path, lines in lengths.items() if lines > FILE_LINES_MAX] == []


def test_no_function_is_longer_than_50_lines() -> None:
    offences = []
    for path in files():
        for node in nodes(path):
            if isinstance(node, Function):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    offences.append(f"{at(path, node.lineno)} {node.name} has {length} lines")
    assert offences == []


def test_no_module_function_or_class_has_a_name_that_says_nothing() -> None:
    offences = []
    for name, path in modules().items():
        if words_of(name.rpartition(".")[2]) & BANNED_NOUNS:
            offences.append(f"module {name}")
        for node in nodes(path):
            if isinstance(node, Function | ast.ClassDef):
                banned = BANNED_NOUNS if isinstance(node, ast.ClassDef) else BANNED_WORDS
                offences += [f"{at(path, node.lineno)} {node.name}" for _ in words_of(node.name) & banned]
    assert offences == []


def test_every_module_says_what_it_is_for() -> None:
    assert [str(path.relative_to(ROOT)) for path in files() if not ast.get_docstring(tree_of(path))] == []


def test_every_module_is_imported_by_another_or_is_an_entry_point() -> None:
    found = modules()
    wanted = {name for path in found.values() for name in imported_by(path) if found.get(name) != path}
    # What ships for tests is used by tests.
    from_tests = {name for path in (ROOT / "tests").rglob("*.py") for name in imported_by(path)}
    wanted |= {name for name in from_tests if name.startswith("farpoint.testing.")}
    leaves = {name for name, path in found.items() if path.name != "__init__.py"}
    assert sorted(leaves - wanted - ENTRY_POINTS) == []


def test_every_package_has_an_init_file() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert sorted(str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()) == []


def test_test_files_have_names_of_their_own_and_test_folders_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
    seen: dict[str, Path] = {}
    doubles = [(path, seen[path.name]) for path in (ROOT / "tests").rglob("test_*.py") if seen.setdefault(path.name, path) != path]
    assert doubles == []


def test_no_import_is_relative() -> None:
    found = [(path, node) for path in files() for node in nodes(path) if isinstance(node, ast.ImportFrom)]
    assert [at(path, node.lineno) for path, node in found if node.level > 0] == []


def test_only_the_command_line_prints() -> None:
    offences = []
    for path in modules().values():
        if path.is_relative_to(PACKAGE / "cli"):
            continue
        calls = (node for node in nodes(path) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
        offences += [at(path, call.lineno) for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert offences == []


@pytest.mark.parametrize("pattern", [NOQA, TYPE_IGNORE], ids=["noqa", "type-ignore"])
def test_every_suppression_carries_its_reason(pattern: re.Pattern[str]) -> None:
    offences = []
    for path in files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if pattern.search(line):
                offences.append(f"{at(path, number)} {line.strip()}")
    assert offences == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"])
def test_the_pins_name_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"\w+://\S*", text) == []
    assert "--find-links" not in text


def test_the_pins_of_users_are_the_pins_of_developers() -> None:
    pinned = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
    users = dict(pinned.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    developers = dict(pinned.findall((ROOT / "requirements-dev.lock").read_text(encoding="utf-8")))
    assert users == {name: version for name, version in developers.items() if name in users}
