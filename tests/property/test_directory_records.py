"""Directory records: whatever order versions arrive in, and however often, every region keeps the same one."""

import uuid
from functools import reduce
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from farpoint.metadata.database import Database
from farpoint.metadata.directory import get_record, merge_record, write_record
from farpoint.model.directory import DirectoryRecord, newer
from farpoint.model.ids import RegionId
from farpoint.testing.new_database import lay_database

REGIONS = [RegionId(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in ("eastus", "westus", "northus")]
#: Few values, so that versions often meet that differ in one thing only.
RECORDS = st.builds(
    DirectoryRecord,
    kind=st.just("group"),
    path=st.sampled_from(["/resourceGroups/web", "/resourceGroups/Web"]),
    version=st.integers(0, 2),
    origin=st.sampled_from(REGIONS),
    deleted=st.booleans(),
    body=st.sampled_from([{}, {"tags": {"a": "b"}}, {"tags": {"a": "c"}}]),
)


@given(RECORDS, RECORDS, RECORDS)
def test_merging_is_commutative_associative_and_idempotent(one: DirectoryRecord, two: DirectoryRecord, three: DirectoryRecord) -> None:
    assert newer(one, two) == newer(two, one)
    assert newer(newer(one, two), three) == newer(one, newer(two, three))
    assert newer(one, one) == one


@given(RECORDS, RECORDS)
def test_the_higher_version_wins_then_the_higher_region(one: DirectoryRecord, two: DirectoryRecord) -> None:
    kept = newer(one, two)
    assert (kept.version, kept.origin) == max((one.version, one.origin), (two.version, two.origin))


@settings(max_examples=20)
@given(st.lists(RECORDS, min_size=1, max_size=3), st.data())
def test_databases_that_hear_the_same_in_any_order_agree(records: list[DirectoryRecord], data: st.DataObject) -> None:
    expected = reduce(newer, records)
    order = data.draw(st.sampled_from(list(permutations(records))))
    with TemporaryDirectory() as folder:
        database = Database.open_sqlite(lay_database(Path(folder) / "metadata.sqlite"))
        with database.write() as conn:
            for record in (*order, *order):
                merge_record(conn, record)
            assert get_record(conn, "/RESOURCEGROUPS/WEB") == expected
            assert not any(merge_record(conn, record) for record in records)
            written = write_record(conn, kind="group", path="/resourceGroups/wEB", origin=REGIONS[0], body={"tags": {}})
        database.close()
    assert newer(written, expected) == written
