"""What goes into a row comes out of it again: round trips of the values that are stored as text."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from farpoint.errors import Place
from farpoint.metadata.columns import StateDigest
from farpoint.metadata.encoding import (
    decode_document,
    decode_failure,
    decode_progress,
    decode_texts,
    encode_document,
    encode_failure,
    encode_progress,
    encode_texts,
)
from farpoint.metadata.moments import decode_moment, encode_moment
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.documents import JsonObject
from farpoint.model.ids import NodeId
from farpoint.model.operations import DiskProgress, Failure, Progress

DIALECT = sqlite.dialect()

#: Any str that Python can hold, lone surrogates included: they stand for file names that are not UTF-8.
TEXT = st.text(st.characters(codec=None), max_size=20)
COUNT = st.integers(0, 2**63 - 1)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
ZONES = st.builds(dt.timezone, st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timedelta(minutes=minutes)))
MOMENTS = st.datetimes(
    min_value=dt.datetime(1, 1, 3),  # noqa: DTZ001 - Hypothesis adds the time zone
    max_value=dt.datetime(9999, 12, 29),  # noqa: DTZ001 - likewise
    timezones=st.just(dt.UTC) | ZONES,
)
PLACES = st.builds(
    Place,
    disk=st.none() | TEXT,
    offset_bytes=st.none() | COUNT,
    length_bytes=st.none() | COUNT,
    pack=st.none() | TEXT,
    frame=st.none() | COUNT,
)
FAILURES = st.builds(Failure, code=TEXT, message=TEXT, hint=TEXT, place=PLACES, percent=NUMBER)
DISKS = st.lists(st.builds(DiskProgress, disk=TEXT, bytes_total=COUNT, bytes_done=COUNT), max_size=4).map(tuple)
PROGRESSES = st.builds(
    Progress,
    step=TEXT,
    waiting=TEXT,
    planned=st.booleans(),
    disks=DISKS,
    bytes_per_second=NUMBER,
    wire_bytes=COUNT,
    stored_bytes=COUNT,
    read_bytes=COUNT,
    updated_at=st.none() | MOMENTS,
    percent_floor=NUMBER,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
GEOMETRIES = st.builds(Geometry, size_bytes=COUNT, block_bytes=st.sampled_from([1 << power for power in range(16, 23)]))
STATES = st.builds(DiskState, geometry=GEOMETRIES, root=st.none() | st.binary(min_size=32, max_size=32).map(NodeId))


@given(FAILURES)
def test_a_failure_survives_its_row(failure: Failure) -> None:
    assert decode_failure(encode_failure(failure)) == failure


@given(PROGRESSES)
def test_progress_survives_its_row(progress: Progress) -> None:
    assert decode_progress(encode_progress(progress)) == progress


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_document_survives_its_row(document: JsonObject) -> None:
    assert decode_document(encode_document(document)) == document


@given(st.lists(TEXT, max_size=4).map(tuple))
def test_a_list_of_texts_survives_its_row(texts: tuple[str, ...]) -> None:
    assert decode_texts(encode_texts(texts)) == texts


@given(STATES)
def test_a_disk_state_survives_its_row(state: DiskState) -> None:
    column = StateDigest()
    text = column.process_bind_param(state, DIALECT)
    assert column.process_result_value(text, DIALECT) == state


@given(MOMENTS)
def test_a_moment_survives_its_row(moment: dt.datetime) -> None:
    assert decode_moment(encode_moment(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_text_order_of_moments_is_their_order_in_time(first: dt.datetime, second: dt.datetime) -> None:
    assert (encode_moment(first) < encode_moment(second)) == (first < second)


def test_a_moment_is_written_in_utc_with_microseconds() -> None:
    moment = dt.datetime(2026, 5, 9, 9, 35, 25, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert encode_moment(moment) == "2026-05-09T07:35:25.000000Z"


def test_a_moment_without_a_time_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        encode_moment(dt.datetime(2026, 5, 9))  # noqa: DTZ001 - that is what must be refused


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_document_is_ascii_and_keeps_its_order_whatever_it_holds(document: JsonObject) -> None:
    text = encode_document(document)
    assert text.isascii()
    assert list(decode_document(text).items()) == list(document.items())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_no_json_are_a_bug(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_document({"n": number})
