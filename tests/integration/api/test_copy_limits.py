"""Azure's limits on copies, refused by name before anything starts; what is counted and what is not; and the race for one place."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from attrs import define, evolve
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import operations, points
from farpoint.model.limits import LIFTED, Limits
from farpoint.model.operations import Failure, OperationKind
from farpoint.model.resources import RestorePoint
from farpoint.testing.played_work import play_deletion, play_point_failure, play_publish


@define
class Story:
    """Three complete points rp1, rp2, rp3 of a VM in the east, a minute apart, and a collection for copies of them in the west."""

    east: Arm
    west: Arm
    source: str
    target: str

    def copy(self, name: str, *, of: str, into: str = "", **properties: object) -> httpx.Response:
        body = {"properties": {"sourceRestorePoint": {"id": f"{self.source}/restorePoints/{of}"}, **properties}}
        return self.west.send("PUT", f"{into or self.target}/restorePoints/{name}", body)

    def copied(self, name: str, *, of: str) -> None:
        """Copy a point to the end."""
        answer = self.copy(name, of=of)
        assert answer.status_code == 201, answer.text
        play_publish(self.west.region.context, self.point(name).id)

    def point(self, name: str) -> RestorePoint:
        with self.west.region.context.database.read() as conn:
            found = points.get_point(conn, group="default", collection="copies", name=name)
        assert found is not None
        return found

    def fail(self, name: str) -> None:
        play_point_failure(self.west.region.context, self.point(name).id, Failure(code="Interrupted", message="", percent=1.0))

    def copies(self) -> int:
        with self.west.region.context.database.read() as conn:
            return sum(operation.kind is OperationKind.COPY_POINT for operation in operations.live_operations(conn))


def capture(arm: Arm, collection: str, name: str) -> None:
    assert arm.send("PUT", f"{compute('restorePointCollections', collection)}/restorePoints/{name}", {}).status_code == 201
    with arm.region.context.database.read() as conn:
        point = points.get_point(conn, group="default", collection=collection, name=name)
    assert point is not None
    play_publish(arm.region.context, point.id)
    arm.region.clock.advance(60)


@pytest.fixture
def story(east: Arm, west: Arm) -> Story:
    source = east.add_collection("web", source=east.add_vm("web", os_disk=east.attach("os")))
    for name in ("rp1", "rp2", "rp3"):
        capture(east, "web", name)
    return Story(east, west, source, west.add_collection("copies", source=source))


def assert_refused(answer: httpx.Response, status: int, rule: str, *words: str) -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error["farpoint"].get("rule")) == (status, rule), answer.text
    assert error["farpoint"]["hint"]
    assert [word for word in words if word not in error["message"]] == []


def test_a_copy_cannot_be_copied_on(story: Story) -> None:
    story.copied("rp1", of="rp1")
    back = story.east.add_collection("back", source=story.target)
    body = {"properties": {"sourceRestorePoint": {"id": f"{story.target}/restorePoints/rp1"}}}
    answer = story.east.send("PUT", f"{back}/restorePoints/rp1", body)
    assert_refused(answer, 400, "copy_of_copy", "'rp1'", "westus", f"{story.source}/restorePoints/rp1")


def test_a_second_copy_in_the_region_is_refused_in_every_collection_and_case(story: Story) -> None:
    story.copied("rp1", of="rp1")
    other = story.west.add_collection("others", source=story.source)
    for answer in (story.copy("again", of="rp1"), story.copy("again", of="RP1", into=other)):
        assert_refused(answer, 409, "copies_per_region", "'copies/rp1'", "westus")


def test_a_copy_under_way_counts_as_one(story: Story) -> None:
    assert story.copy("rp1", of="rp1").status_code == 201
    assert_refused(story.copy("again", of="rp1"), 409, "copies_per_region")


def test_a_point_that_took_the_name_of_a_deleted_one_may_be_copied(story: Story) -> None:
    story.copied("rp3", of="rp3")
    deletion = story.east.send("DELETE", f"{story.source}/restorePoints/rp3")
    with story.east.region.context.database.read() as conn:
        (operation,) = [one for one in operations.live_operations(conn) if str(one.id) == deletion.headers["x-ms-request-id"]]
    play_deletion(story.east.region.context, operation)
    capture(story.east, "web", "rp3")
    assert story.copy("rp3b", of="rp3").status_code == 201


def test_an_older_point_than_the_newest_copied_one_is_refused(story: Story) -> None:
    story.copied("rp2", of="rp2")
    assert_refused(story.copy("rp1", of="rp1"), 409, "copy_order", "'rp1'", "'copies/rp2'")
    assert story.copy("rp3", of="rp3").status_code == 201


def test_order_is_kept_per_collection(story: Story) -> None:
    story.copied("rp2", of="rp2")
    other = story.west.add_collection("others", source=story.source)
    assert story.copy("rp1", of="rp1", into=other).status_code == 201


def test_points_of_one_instant_are_in_order_either_way(story: Story) -> None:
    with story.east.region.context.database.write() as conn:
        for name in ("rp1", "rp2"):
            point = points.get_point(conn, group="default", collection="web", name=name)
            assert point is not None
            points.update_point(conn, evolve(point, source_time_created=story.east.region.clock.now()))
    story.copied("rp2", of="rp2")
    assert story.copy("rp1", of="rp1").status_code == 201


def test_the_next_copy_waits_for_the_one_under_way(story: Story) -> None:
    assert story.copy("rp1", of="rp1").status_code == 201
    assert_refused(story.copy("rp2", of="rp2"), 409, "copy_concurrency", "'rp2'", "'copies/rp1'")
    play_publish(story.west.region.context, story.point("rp1").id)
    assert story.copy("rp2", of="rp2").status_code == 201


def test_what_no_waiting_helps_against_is_said_first(story: Story) -> None:
    assert story.copy("rp2", of="rp2").status_code == 201
    assert_refused(story.copy("rp1", of="rp1"), 409, "copy_order")


def test_a_failed_copy_does_not_count_and_is_retried_under_another_name(story: Story) -> None:
    assert story.copy("rp2", of="rp2").status_code == 201
    story.fail("rp2")
    story.copied("rp1", of="rp1")
    assert story.copy("rp2b", of="rp2").status_code == 201


def test_a_failed_copy_that_newer_ones_overtook_is_out_of_order(story: Story) -> None:
    assert story.copy("rp1", of="rp1").status_code == 201
    story.fail("rp1")
    story.copied("rp2", of="rp2")
    assert_refused(story.copy("rp1b", of="rp1"), 409, "copy_order")


def test_a_copy_that_is_being_deleted_does_not_count(story: Story) -> None:
    story.copied("rp3", of="rp3")
    assert story.west.send("DELETE", f"{story.target}/restorePoints/rp3").status_code == 202
    assert story.copy("rp1", of="rp1").status_code == 201


def test_a_collection_of_this_region_is_no_source(story: Story) -> None:
    body = {"location": "eastus", "properties": {"source": {"id": story.source}}}
    answer = story.east.send("PUT", compute("restorePointCollections", "near"), body)
    assert_refused(answer, 400, "same_region_copy", "'web'", "eastus")
    near = {"properties": {"sourceRestorePoint": {"id": f"{story.source}/restorePoints/rp1"}}}
    assert_refused(story.east.send("PUT", f"{story.source}/restorePoints/near", near), 400, "same_region_copy", "'web'")


def test_disks_cannot_be_left_out_of_a_copy(story: Story) -> None:
    disk = compute("disks", "os")
    assert_refused(story.copy("rp1", of="rp1", excludeDisks=[{"id": disk}]), 400, "exclude_disks_on_copy", disk)


def test_a_collection_takes_copies_of_one_source_only(story: Story) -> None:
    other = story.east.add_collection("other", source=compute("virtualMachines", "web"))
    body = {"properties": {"sourceRestorePoint": {"id": f"{other}/restorePoints/rp1"}}}
    answer = story.west.send("PUT", f"{story.target}/restorePoints/x", body)
    assert_refused(answer, 400, "sources_per_collection", story.source, other)


def test_a_refused_copy_leaves_nothing(story: Story) -> None:
    story.copied("rp2", of="rp2")
    story.west.region.launched.clear()
    assert_refused(story.copy("rp1", of="rp1"), 409, "copy_order")
    assert story.west.send("GET", f"{story.target}/restorePoints/rp1").status_code == 404
    assert (story.west.region.launched, story.copies()) == ([], 0)


@pytest.mark.parametrize("sources", [("rp1", "rp1"), ("rp1", "rp2")], ids=["of one point", "of two points"])
def test_of_two_clients_for_the_one_place_exactly_one_is_refused(story: Story, sources: tuple[str, str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda number: story.copy(f"c{number}", of=sources[number]), range(2)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 1}
    (refused,) = [answer.json()["error"]["farpoint"]["rule"] for answer in answers if answer.status_code == 409]
    assert refused in {"copies_per_region", "copy_order", "copy_concurrency"}
    assert story.copies() == 1
    assert len(story.west.region.launched) == 1


def lift(arm: Arm) -> None:
    arm.region.context = evolve(arm.region.context, limits=Limits(profile=LIFTED))
    arm.app = arm.region.app()


def test_the_lifted_profile_takes_any_order_number_and_concurrency(story: Story) -> None:
    lift(story.west)
    statuses = [story.copy(name, of=of).status_code for name, of in (("rp2", "rp2"), ("rp1", "rp1"), ("again", "rp1"))]
    assert statuses == [201, 201, 201]


def test_what_is_not_built_is_refused_without_a_rule_in_the_lifted_profile(story: Story) -> None:
    lift(story.east)
    lift(story.west)
    other = story.east.add_collection("other", source=compute("virtualMachines", "web"))
    near = {"location": "eastus", "properties": {"source": {"id": story.source}}}
    second = {"properties": {"sourceRestorePoint": {"id": f"{other}/restorePoints/rp1"}}}
    answers = [
        story.east.send("PUT", compute("restorePointCollections", "near"), near),
        story.west.send("PUT", f"{story.target}/restorePoints/x", second),
        story.copy("x", of="rp1", excludeDisks=[{"id": compute("disks", "os")}]),
    ]
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert [answer.json()["error"]["farpoint"].get("rule") for answer in answers] == [None, None, None]
