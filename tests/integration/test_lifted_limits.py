"""What the lifted profile allows and Azure refuses, done to the end: every copy is read back byte for byte, with its lineage."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define, evolve

from farpoint.errors import LimitError, RefusedError
from farpoint.metadata import holds
from farpoint.model.limits import AZURE, LIFTED, Limits
from farpoint.services.collections import CollectionRequest, put_collection
from farpoint.services.new_copy import CopyRequest, copy_point
from farpoint.services.points import delete_point
from farpoint.testing.point_contents import find_point, read_point
from farpoint.testing.regions import CLIENT, SmallRegion
from farpoint.testing.stage import GROUP, Stage, disk_arm_id, point_arm_id


@define
class Lifted:
    """A stage whose regions refuse nothing that only Azure does."""

    stage: Stage

    def limit(self, profile: str) -> None:
        for region in self.stage.regions:
            region.context = evolve(region.context, limits=Limits(profile=profile))

    def collection(self, region: SmallRegion, name: str, *, source: str) -> None:
        source_id = point_arm_id(source, "x").removesuffix("/restorePoints/x")
        put_collection(region.context, CollectionRequest(group=GROUP, name=name, location=region.name, tags={}, source_id=source_id))

    def ask(self, region: SmallRegion, into: str, name: str, *, of: tuple[str, str], without: tuple[str, ...] = ()) -> None:
        request = CopyRequest(group=GROUP, collection=into, name=name, source_id=point_arm_id(*of), exclude_disks=without)
        put = copy_point(region.context, request, principal=CLIENT)
        assert put.operation is not None
        assert region.launched[-1] == put.operation.id

    def copy(self, region: SmallRegion, into: str, name: str, *, of: tuple[str, str], without: tuple[str, ...] = ()) -> dict[str, bytes]:
        """Copy to the end, and return what a restore gives."""
        self.ask(region, into, name, of=of, without=without)
        region.run_launched()
        return read_point(region, into, name)

    def lineage(self, region: SmallRegion, collection: str, name: str) -> list[str]:
        """Return the regions that a point went through."""
        found = find_point(region, collection, name)
        assert found is not None
        assert found[0].manifest is not None
        return [hop.region_name for hop in region.vault.manifests.read(found[0].manifest).lineage]


@pytest.fixture
def lifted(tmp_path: Path) -> Iterator[Lifted]:
    stage = Stage(tmp_path / "stage", seed=7)
    lifted = Lifted(stage)
    lifted.limit(LIFTED)
    stage.add_vm()
    for name in ("rp1", "rp2", "rp3"):
        stage.create_point(name)
        stage.write_blocks("os", stage.disk_path("os").stat().st_size, (1, 70))
        stage.east.clock.sleep(60)
    for region in stage.regions:
        region.launched.clear()
    yield lifted
    stage.stop()
    gc.collect()


def test_points_are_copied_in_any_order(lifted: Lifted) -> None:
    stage = lifted.stage
    for name in ("rp3", "rp1", "rp2"):
        assert lifted.copy(stage.west, "web01-westus", name, of=("web01", name)) == stage.captured[name]


def test_a_point_has_several_copies_in_a_region(lifted: Lifted) -> None:
    stage = lifted.stage
    for name in ("rp1", "again"):
        assert lifted.copy(stage.west, "web01-westus", name, of=("web01", "rp1")) == stage.captured["rp1"]


def test_several_copies_into_one_collection_are_under_way_at_once(lifted: Lifted) -> None:
    stage = lifted.stage
    for name in ("rp1", "rp2", "rp3"):
        lifted.ask(stage.west, "web01-westus", name, of=("web01", name))
    stage.west.run_launched()
    assert {name: read_point(stage.west, "web01-westus", name) for name in ("rp1", "rp2", "rp3")} == stage.captured


def test_a_copy_is_copied_on_and_its_lineage_shows_every_hop_with_its_times(lifted: Lifted) -> None:
    stage = lifted.stage
    lifted.copy(stage.west, "web01-westus", "rp1", of=("web01", "rp1"))
    stage.east.clock.sleep(60)
    lifted.collection(stage.east, "back", source="web01-westus")
    assert lifted.copy(stage.east, "back", "rp1", of=("web01-westus", "rp1")) == stage.captured["rp1"]
    assert lifted.lineage(stage.east, "back", "rp1") == ["eastus", "westus", "eastus"]
    found = find_point(stage.east, "back", "rp1")
    assert found is not None
    assert found[0].manifest is not None
    captured, first, second = stage.east.vault.manifests.read(found[0].manifest).lineage
    assert captured.guest_freeze == first.guest_freeze == second.guest_freeze
    assert first.committed_at_source == captured.committed_here
    assert captured.committed_here <= first.committed_here < second.committed_here
    assert second.committed_at_source == first.committed_here


def test_a_point_is_copied_within_its_region_and_outlives_the_first(lifted: Lifted) -> None:
    stage = lifted.stage
    lifted.collection(stage.east, "near", source="web01")
    packs = len(list(stage.east.vault.index.packs()))
    assert lifted.copy(stage.east, "near", "rp1", of=("web01", "rp1")) == stage.captured["rp1"]
    assert len(list(stage.east.vault.index.packs())) == packs, "nothing is stored again"
    assert lifted.lineage(stage.east, "near", "rp1") == ["eastus", "eastus"]
    with stage.east.database.read() as conn:
        assert holds.list_holds(conn) == []
    deletion = delete_point(stage.east.context, group=GROUP, collection="web01", name="rp1", principal=CLIENT)
    assert deletion is not None
    stage.east.run_launched()
    assert find_point(stage.east, "web01", "rp1") is None
    assert read_point(stage.east, "near", "rp1") == stage.captured["rp1"]


def test_disks_are_left_out_of_a_copy(lifted: Lifted) -> None:
    stage = lifted.stage
    copied = lifted.copy(stage.west, "web01-westus", "rp1", of=("web01", "rp1"), without=(disk_arm_id("data"),))
    assert copied == {"os": stage.captured["rp1"]["os"]}
    found = find_point(stage.west, "web01-westus", "rp1")
    assert found is not None
    point, disks = found
    assert [disk.disk_name for disk in disks] == ["os"]
    assert disk_arm_id("data") not in str(point.source_metadata)
    # The next one, whole, has what was left out.
    assert lifted.copy(stage.west, "web01-westus", "rp2", of=("web01", "rp2")) == stage.captured["rp2"]


@pytest.mark.parametrize(
    ("without", "words"), [(("strange",), "has no disk"), (("os", "data"), "Nothing of the restore point is left")], ids=["strange", "all"]
)
def test_only_disks_of_the_source_can_be_left_out_and_not_all(lifted: Lifted, without: tuple[str, ...], words: str) -> None:
    west = lifted.stage.west
    with pytest.raises(RefusedError, match=words):
        lifted.ask(west, "web01-westus", "rp1", of=("web01", "rp1"), without=tuple(map(disk_arm_id, without)))
    assert (find_point(west, "web01-westus", "rp1"), west.launched) == (None, [])


def test_a_collection_takes_points_of_several_sources(lifted: Lifted) -> None:
    stage = lifted.stage
    vm_id = disk_arm_id("x").replace("/disks/x", "/virtualMachines/web01")
    put_collection(stage.east.context, CollectionRequest(group=GROUP, name="other", location="eastus", tags={}, source_id=vm_id))
    lifted.collection(stage.west, "elsewhere", source="other")
    assert lifted.copy(stage.west, "elsewhere", "rp1", of=("web01", "rp1")) == stage.captured["rp1"]


Ask = Callable[[Lifted], object]


@pytest.mark.parametrize(
    ("rule", "ask"),
    [
        ("copies_per_region", lambda story: story.ask(story.stage.west, "web01-westus", "again", of=("web01", "rp2"))),
        ("copy_order", lambda story: story.ask(story.stage.west, "web01-westus", "rp1", of=("web01", "rp1"))),
        ("copy_of_copy", lambda story: story.ask(story.stage.east, "back", "rp2", of=("web01-westus", "rp2"))),
        ("same_region_copy", lambda story: story.ask(story.stage.east, "near", "rp1", of=("web01", "rp1"))),
        ("exclude_disks_on_copy", lambda story: story.ask(story.stage.west, "web01-westus", "x", of=("web01", "rp3"), without=("d",))),
        ("sources_per_collection", lambda story: story.ask(story.stage.west, "elsewhere", "rp3", of=("web01", "rp3"))),
    ],
)
def test_a_region_that_goes_back_to_azures_limits_refuses_what_was_begun_without_them(lifted: Lifted, rule: str, ask: Ask) -> None:
    """Collections that only the lifted profile makes are there; copies into them are refused by name from then on."""
    stage = lifted.stage
    lifted.copy(stage.west, "web01-westus", "rp2", of=("web01", "rp2"))
    lifted.collection(stage.east, "back", source="web01-westus")
    lifted.collection(stage.east, "near", source="web01")
    vm_id = disk_arm_id("x").replace("/disks/x", "/virtualMachines/web01")
    put_collection(stage.east.context, CollectionRequest(group=GROUP, name="other", location="eastus", tags={}, source_id=vm_id))
    lifted.collection(stage.west, "elsewhere", source="other")
    lifted.limit(AZURE)
    with pytest.raises(LimitError) as caught:
        ask(lifted)
    assert caught.value.rule == rule
    assert [region.launched for region in stage.regions] == [[], []]
