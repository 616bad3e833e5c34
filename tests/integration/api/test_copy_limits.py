"""Azure's limits on copies, refused by name before anything starts; what is counted and what is not; and the race for one place."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from attrs import define, evolve
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import operations, points
from farpoint.model.limits import AZURE, COPIES_PER_HOUR, LIFTED, RULES, Limits
from farpoint.model.operations import Failure, OperationKind
from farpoint.model.resources import RestorePoint
from farpoint.testing.arm_region import SUBSCRIPTION
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


def test_two_clients_race_for_one_place_two_hundred_times(story: Story) -> None:
    """Each time for a collection of its own, of two points or of one and the same: exactly one is refused, by a rule of copies."""
    rules = Counter[str]()
    with ThreadPoolExecutor(2) as pool:
        for number in range(200):
            into = story.west.add_collection(f"race{number}", source=story.source)
            of = ("rp1", "rp1") if number % 2 else ("rp1", "rp2")
            racers = [pool.submit(story.copy, f"c{place}", of=of[place], into=into) for place in range(2)]
            answers = [racer.result() for racer in racers]
            assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 1}, number
            rules.update(answer.json()["error"]["farpoint"]["rule"] for answer in answers if answer.status_code == 409)
            # The winner goes again: the next race is for a free place too.
            winner = next(place for place, answer in enumerate(answers) if answer.status_code == 201)
            assert story.west.send("DELETE", f"{into}/restorePoints/c{winner}").status_code == 202
    assert set(rules) <= {"copies_per_region", "copy_order", "copy_concurrency"}
    assert rules.total() == 200


def lift(arm: Arm) -> None:
    arm.region.context = evolve(arm.region.context, limits=Limits(profile=LIFTED))
    arm.app = arm.region.app()


def test_the_lifted_profile_takes_any_order_number_and_concurrency(story: Story) -> None:
    lift(story.west)
    statuses = [story.copy(name, of=of).status_code for name, of in (("rp2", "rp2"), ("rp1", "rp1"), ("again", "rp1"))]
    assert statuses == [201, 201, 201]


def set_limits(arm: Arm, **own: int) -> None:
    arm.region.context = evolve(arm.region.context, limits=Limits(profile=AZURE, own=own))
    arm.app = arm.region.app()


def create(arm: Arm, collection: str, name: str) -> httpx.Response:
    return arm.send("PUT", f"{compute('restorePointCollections', collection)}/restorePoints/{name}", {})


def test_a_vm_has_so_many_points_and_failed_ones_do_not_count(story: Story) -> None:
    set_limits(story.east, points_per_vm=4)
    other = story.east.add_collection("other", source=compute("virtualMachines", "web"))
    capture(story.east, "other", "rp4")
    story.east.region.launched.clear()
    assert_refused(create(story.east, "web", "rp5"), 409, "points_per_vm", "'web'", "4")
    assert story.east.send("GET", f"{story.source}/restorePoints/rp5").status_code == 404
    assert story.east.region.launched == []
    assert story.east.send("DELETE", f"{other}/restorePoints/rp4").status_code == 202
    assert create(story.east, "web", "rp5").status_code == 201


def test_the_same_point_asked_for_again_is_answered_and_not_counted(story: Story) -> None:
    set_limits(story.east, points_per_vm=3, creates_per_hour=1)
    assert create(story.east, "web", "rp3").status_code == 201


def test_a_region_has_so_many_collections(story: Story) -> None:
    set_limits(story.east, collections_per_region=1)
    body = {"location": "eastus", "properties": {"source": {"id": compute("virtualMachines", "web")}}}
    second = story.east.send("PUT", compute("restorePointCollections", "second"), body)
    assert_refused(second, 409, "collections_per_region", "eastus", "1")
    # One that is there may be written again.
    assert story.east.send("PUT", story.source, body).status_code == 200


def test_points_of_a_vm_are_throttled_by_the_hour_and_told_when(story: Story) -> None:
    set_limits(story.east, creates_per_hour=3)
    story.east.region.launched.clear()
    answer = create(story.east, "web", "rp4")
    assert_refused(answer, 429, "creates_per_hour", "'web'", "3")
    assert answer.json()["error"]["code"] == "TooManyRequests"
    # rp1 was begun three minutes ago.
    assert int(answer.headers["Retry-After"]) == 3600 - 180
    assert story.east.region.launched == []
    story.east.region.clock.advance(3600 - 181)
    assert create(story.east, "web", "rp4").status_code == 429
    story.east.region.clock.advance(2)
    assert create(story.east, "web", "rp4").status_code == 201


def test_deleting_what_was_begun_does_not_make_room_within_the_hour(story: Story) -> None:
    set_limits(story.east, creates_per_hour=3)
    deletion = story.east.send("DELETE", story.source)
    with story.east.region.context.database.read() as conn:
        (operation,) = [one for one in operations.live_operations(conn) if str(one.id) == deletion.headers["x-ms-request-id"]]
    play_deletion(story.east.region.context, operation)
    story.east.add_collection("fresh", source=compute("virtualMachines", "web"))
    assert create(story.east, "fresh", "rp4").status_code == 429


def test_copies_into_a_collection_are_throttled_by_the_hour(story: Story) -> None:
    set_limits(story.west, copies_per_hour=1)
    story.copied("rp1", of="rp1")
    refused = story.copy("rp2", of="rp2")
    assert_refused(refused, 429, "copies_per_hour", "'copies'", "1")
    assert int(refused.headers["Retry-After"]) == 3600
    other = story.west.add_collection("others", source=story.source)
    assert story.copy("rp2", of="rp2", into=other).status_code == 201
    story.west.region.clock.advance(3601)
    assert story.copy("rp3", of="rp3").status_code == 201


def test_the_list_of_limits_says_what_is_in_force_and_why(story: Story) -> None:
    set_limits(story.east, copies_per_hour=3)
    listed = {
        one["name"]: one for one in story.east.send("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Farpoint/limits").json()["value"]
    }
    assert set(listed) == {rule.name for rule in RULES}
    assert listed["copies_per_hour"]["properties"] == {
        "value": 3,
        "profile": "azure",
        "isConfigured": True,
        "profiles": {"azure": 0, "lifted": 0},
        "refuses": COPIES_PER_HOUR.refuses,
        "source": "azure-wire §7.17 (CREATE)",
        "answer": {"status": 429, "code": "TooManyRequests"},
    }
    assert (listed["copy_of_copy"]["properties"]["value"], listed["copy_of_copy"]["properties"]["isConfigured"]) == (True, False)
