"""Folders of new disks are durable, whoever made them and died."""

from pathlib import Path

import pytest

from farpoint.disks import file_names
from farpoint.disks.file_names import make_folders


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    seen: list[Path] = []
    monkeypatch.setattr(file_names, "sync_folder", seen.append)
    return seen


def test_each_new_name_is_made_durable_before_the_next(tmp_path: Path, synced: list[Path]) -> None:
    make_folders(tmp_path / "a" / "b")
    assert synced == [tmp_path.parent, tmp_path, tmp_path / "a"]


def test_a_folder_that_somebody_made_and_died_is_made_durable(tmp_path: Path, synced: list[Path]) -> None:
    (tmp_path / "a").mkdir()
    make_folders(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
