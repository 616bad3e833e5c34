"""The program as such: what starts, how errors end it, what goes where."""

import pytest

from farpoint.cli.main import run


def test_version_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert len(capsys.readouterr().out.split()) == 1


def test_a_command_that_does_not_exist_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["point", "frobnicate"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "frobnicate" in captured.err


def test_an_empty_environment_is_a_usage_error_that_names_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FARPOINT_ENDPOINT", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)
    assert run(["vm", "list"]) == 2
    assert "AZURE_CLIENT_SECRET" in capsys.readouterr().err


def test_a_point_name_without_a_slash_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["point", "create", "web01"]) == 2
    assert "COLLECTION/POINT" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["vm"], ["point"], ["disk"], ["collection"], ["region"], ["dev"]])
def test_help_lists_the_commands(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    assert "Usage: farpoint" in capsys.readouterr().out
