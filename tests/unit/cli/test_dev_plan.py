"""What ``dev up`` decides before it does anything: regions, ids, ports, and what it remembers."""

import socket
from pathlib import Path

import pytest

from farpoint.cli.dev.dev_env import environment_of, exports, parse_exports
from farpoint.cli.dev.layout import DevFolder, write_atomically
from farpoint.cli.dev.lock import exclusive, is_running
from farpoint.cli.dev.memory import DevMemory, DevRegion, memory_text, read_memory
from farpoint.cli.dev.plan import UpRequest, plan, region_config
from farpoint.cli.dev.ports import is_free
from farpoint.cli.failures import CommandError, UsageError
from farpoint.clock import SystemEntropy
from farpoint.errors import RefusedError


def planned(
    *names: str, port: int | None = None, before: DevMemory | None = None, pools: tuple[Path, ...] | None = None
) -> tuple[DevMemory, list[DevRegion]]:
    request = UpRequest(regions=names, port=port, pools=pools)
    return plan(request, before, entropy=SystemEntropy(), hash_secret=lambda secret: f"hash of {secret}")


def test_region_i_takes_ports_n_plus_2i_and_the_next() -> None:
    _, run = planned("eastus", "westus", "north", port=7000)
    assert [(one.client_port, one.peer_port) for one in run] == [(7000, 7001), (7002, 7003), (7004, 7005)]


def test_free_ports_are_kept_for_the_next_start() -> None:
    memory, run = planned("eastus", "westus")
    assert all(is_free(port) for one in run for port in (one.client_port, one.peer_port))
    assert planned(before=memory) == (memory, run)


def test_the_profile_of_limits_is_that_of_all_regions_and_kept_for_the_next_start() -> None:
    def profile(request: UpRequest, before: DevMemory | None) -> tuple[str, DevMemory]:
        memory, run = plan(request, before, entropy=SystemEntropy(), hash_secret=lambda secret: secret)
        return region_config(DevFolder(Path("/d")), memory, run[-1]).limits.profile, memory

    assert profile(UpRequest(regions=("eastus",)), None)[0] == "azure"
    lifted, memory = profile(UpRequest(regions=("eastus", "westus"), limits="lifted"), None)
    assert (lifted, profile(UpRequest(regions=()), memory)[0]) == ("lifted", "lifted")
    with pytest.raises(UsageError, match="--limits is azure or lifted, not 'none'"):
        profile(UpRequest(regions=("eastus",), limits="none"), None)


def test_a_region_that_is_added_leaves_the_others_as_they_were() -> None:
    memory, run = planned("eastus")
    more, both = planned("eastus", "westus", before=memory)
    assert (both[0], more.client_secret) == (run[0], memory.client_secret)
    assert len(more.regions) == 2


def test_a_region_that_is_not_asked_for_stays_a_peer() -> None:
    memory, _ = planned("eastus", "westus")
    memory, run = planned("eastus", before=memory)
    config = region_config(DevFolder(Path("/d")), memory, run[0])
    assert [peer.name for peer in config.peers] == ["westus"]


def test_the_folders_own_pool_is_always_one_and_further_ones_are_kept() -> None:
    memory, run = planned("eastus", pools=(Path("/images"),))
    memory, run = planned(before=memory)
    assert region_config(DevFolder(Path("/d")), memory, run[0]).pools == (Path("/d/disks"), Path("/images"))


@pytest.mark.parametrize("names", [(), ("eastus", "EastUS"), ("disks",)])
def test_regions_must_be_different_and_have_names_of_their_own(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        planned(*names)


def test_a_name_that_cannot_be_a_folder_is_refused() -> None:
    with pytest.raises(RefusedError):
        planned("../x")


@pytest.mark.parametrize("port", [0, 65535, 70000])
def test_ports_beyond_the_last_are_refused(port: int) -> None:
    with pytest.raises(UsageError):
        planned("eastus", port=port)


def test_ports_of_a_region_that_stays_away_are_not_given_again() -> None:
    memory, _ = planned("eastus", "westus", port=7000)
    with pytest.raises(UsageError):
        planned("westus", port=7000, before=memory)


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_the_memory_is_read_as_it_was_written(tmp_path: Path) -> None:
    memory, _ = planned("eastus", "westus", pools=(Path("/images"),))
    path = tmp_path / "dev.json"
    assert read_memory(path) is None
    path.write_text(memory_text(memory))
    assert read_memory(path) == memory


def test_a_damaged_memory_is_not_replaced_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_text("{")
    with pytest.raises(CommandError, match="damaged"):
        read_memory(path)


def test_a_shell_reads_the_environment_as_it_was_written() -> None:
    memory, run = planned("eastus", "west-us", port=7000)
    variables = environment_of(DevFolder(Path("/a 'quoted' folder")), memory, run)
    assert parse_exports(exports(variables)) == variables
    assert variables["FARPOINT_ENDPOINT_WEST_US"] == "https://127.0.0.1:7002"


def test_a_file_is_replaced_in_one_step_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "dev.env"
    write_atomically(path, "old", mode=0o644)
    write_atomically(path, "new", mode=0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_has_one_supervisor(tmp_path: Path) -> None:
    folder = DevFolder(tmp_path)
    assert not is_running(folder)
    with exclusive(folder):
        assert is_running(folder)
        with pytest.raises(CommandError, match="pid"), exclusive(folder):
            pass
    assert not is_running(folder)
