"""Which paths the pools let in."""

from pathlib import Path

import pytest

from farpoint.disks.pools import DiskPools
from farpoint.errors import Code, RefusedError


def refusal_of(pools: DiskPools, path: Path) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        pools.resolve(path)
    assert caught.value.code is Code.DISK_OUTSIDE_POOLS
    return caught.value


def test_a_path_inside_a_pool_is_let_in_whether_it_exists_or_not(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    pools = DiskPools((tmp_path / "other", tmp_path / "pool"))
    assert pools.resolve(tmp_path / "pool/new/os.raw") == tmp_path / "pool/new/os.raw"


def test_a_path_outside_is_refused_naming_the_pools(tmp_path: Path) -> None:
    pools = DiskPools((tmp_path / "a", tmp_path / "b"))
    refusal = refusal_of(pools, tmp_path / "c/os.raw")
    assert f"{tmp_path}/c/os.raw" in refusal.message
    assert f"{tmp_path}/a, {tmp_path}/b" in refusal.hint


def test_a_symlink_that_leads_out_is_refused_saying_where_to(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "pool/link").symlink_to(tmp_path / "secret")
    refusal = refusal_of(DiskPools((tmp_path / "pool",)), tmp_path / "pool/link/os.raw")
    assert f"which is {tmp_path}/secret/os.raw" in refusal.message


def test_a_symlink_that_leads_in_is_resolved(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "pool")
    assert DiskPools((tmp_path / "pool",)).resolve(tmp_path / "link/os.raw") == tmp_path / "pool/os.raw"
    assert DiskPools((tmp_path / "link",)).resolve(tmp_path / "pool/os.raw") == tmp_path / "pool/os.raw"


@pytest.mark.parametrize("path", ["pool/../os.raw", "pool", "poolside/os.raw", "pool/x/../../os.raw"])
def test_dots_prefixes_and_the_pool_itself_are_outside(tmp_path: Path, path: str) -> None:
    (tmp_path / "pool").mkdir()
    refusal_of(DiskPools((tmp_path / "pool",)), tmp_path / path)


@pytest.mark.parametrize("path", ["os.raw", "", "./pool/os.raw", "/pool/a\0b"])
def test_relative_and_impossible_paths_are_refused(path: str) -> None:
    refusal_of(DiskPools((Path("/pool"),)), Path(path))


def test_without_pools_everything_is_refused(tmp_path: Path) -> None:
    assert "none" in refusal_of(DiskPools(()), tmp_path / "os.raw").hint


def test_a_symlink_to_a_device_is_refused_in_an_ordinary_pool(tmp_path: Path) -> None:
    (tmp_path / "os.raw").symlink_to("/dev/null")
    assert "which is /dev/null" in refusal_of(DiskPools((tmp_path,)), tmp_path / "os.raw").message


def test_the_default_path_is_region_group_and_disk_in_the_first_pool(tmp_path: Path) -> None:
    pools = DiskPools((tmp_path / "one", tmp_path / "two"))
    assert pools.default_path(region="eastus", group="default", disk="os") == tmp_path / "one/eastus/default/os.raw"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../../etc", "a\0b"])
def test_a_default_path_cannot_be_led_out_of_the_pool(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError):
        DiskPools((tmp_path,)).default_path(region="eastus", group=name, disk="os")


def test_without_a_folder_among_the_pools_there_is_no_default_path() -> None:
    with pytest.raises(RefusedError) as caught:
        DiskPools(()).default_path(region="eastus", group="default", disk="os")
    assert "no disk pool is a folder" in caught.value.message
