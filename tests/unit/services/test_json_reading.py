"""Reading documents whose shape nobody guarantees."""

import pytest

from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import object_at, objects_at, present, text_at, value_at, without

DOCUMENT: JsonObject = {"a": {"b": {"c": "text"}, "n": 1}, "list": [{"x": 1}, 2, {"y": 2}], "text": "abc", "none": None}


@pytest.mark.parametrize("keys", [("missing",), ("a", "missing"), ("text", "a"), ("list", "x"), ("none", "a")])
def test_what_is_missing_or_of_another_kind_reads_as_empty(keys: tuple[str, ...]) -> None:
    assert value_at(DOCUMENT, *keys) is None
    assert object_at(DOCUMENT, *keys) == {}
    assert text_at(DOCUMENT, *keys) is None
    assert objects_at(DOCUMENT, *keys) == []


def test_what_is_there_is_found() -> None:
    assert text_at(DOCUMENT, "a", "b", "c") == "text"
    assert object_at(DOCUMENT, "a", "b") == {"c": "text"}
    assert objects_at(DOCUMENT, "list") == [{"x": 1}, {"y": 2}]


def test_a_value_of_another_kind_is_not_taken_for_the_one_asked() -> None:
    assert text_at(DOCUMENT, "a", "n") is None
    assert object_at(DOCUMENT, "text") == {}
    assert objects_at(DOCUMENT, "text") == []


def test_fields_are_left_out_by_name_or_because_they_are_none() -> None:
    assert without({"a": 1, "b": 2}, "a", "z") == {"b": 2}
    assert list(present(z=1, a=None, b=False)) == ["z", "b"]
