"""Requests nobody's client sends: each gets a plain refusal in ARM's envelope, and nothing is started."""

import gzip
import unicodedata
from urllib.parse import quote

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import SUBSCRIPTION, TENANT

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g"
NAMES = ["a\0b", "a b", "é", "a" * 4000, "a.", "%", "%252F", "\u202egnp", "🙈", "a\r\nX: y", "'; DROP TABLE disks; --"]


def is_refusal(answer: httpx.Response, *statuses: int) -> bool:
    """Tell whether *answer* is a refusal in the envelope, with no more in it than words."""
    error = answer.json()["error"]
    return answer.status_code in statuses and bool(error["code"]) and bool(error["message"]) and "Traceback" not in answer.text


def group_body(text: bytes = b'"eastus"') -> bytes:
    return b'{"location": ' + text + b"}"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "", "multipart/form-data"]
)
def test_a_body_that_says_it_is_no_json_is_refused_before_it_is_read(east: Arm, content_type: str) -> None:
    answer = east.send("PUT", GROUP, group_body(), headers={"Content-Type": content_type})
    assert is_refusal(answer, 415)
    assert answer.json()["error"]["code"] == "UnsupportedMediaType"
    assert east.send("GET", GROUP).status_code == 404


@pytest.mark.parametrize("encoding", ["gzip", "Deflate", "br", "identity, gzip"])
def test_a_body_that_was_compressed_is_refused_in_words(east: Arm, encoding: str) -> None:
    answer = east.send("PUT", GROUP, gzip.compress(group_body()), headers={"Content-Encoding": encoding})
    assert is_refusal(answer, 415)
    assert f"The content encoding '{encoding}' is not supported" in answer.text
    assert east.send("PUT", GROUP, group_body(), headers={"Content-Encoding": "identity"}).status_code == 201


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON;charset=UTF-8", 'application/json; odata=verbose; charset="utf-8"', "text/json"]
)
def test_a_body_that_says_it_is_json_is_read(east: Arm, content_type: str) -> None:
    assert east.send("PUT", GROUP, group_body(), headers={"Content-Type": content_type}).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"\xef\xbb\xbf{}",
        b'{"location": "a", "location": "b"}',
        b'{"location": "east\\u0000us"}',
        b'{"location": "\\ud800"}',
        b'{"location": 1e400}',
        b'{"location": ' + b"9" * 4000 + b"}",
        b'{"location": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"location": "eastus", "tags": {"a": 1e308}}',
        b'{"location": "eastus"} {}',
        b"\x00",
        b'{"location": "eastus", "tags": ' + b'{"a":' * 50 + b"1" + b"}" * 51,
    ],
)
def test_a_body_of_the_wrong_kind_is_a_refusal(east: Arm, body: bytes) -> None:
    assert is_refusal(east.send("PUT", GROUP, body), 400)
    assert east.send("GET", GROUP).status_code == 404


def test_huge_numbers_and_strange_text_that_are_kept_come_back_as_they_were_sent(east: Arm) -> None:
    """Composed and decomposed letters are different text; neither becomes the other."""
    composed = "caf\u00e9"
    tags = {composed: unicodedata.normalize("NFD", composed), "emoji": "🙈", "empty": "", "rtl": "\u202e"}
    assert east.send("PUT", GROUP, {"location": "eastus", "tags": tags}).json()["tags"] == tags
    disk = east.attach("os")
    profile = {"osDisk": {"managedDisk": {"id": disk}}}
    body = b'{"location": "eastus", "properties": {"big": ' + b"9" * 4000 + b', "storageProfile": %s}}'
    answer = east.send("PUT", compute("virtualMachines", "v"), body % str(profile).replace("'", '"').encode())
    assert answer.status_code == 201
    assert "9" * 4000 in east.send("GET", compute("virtualMachines", "v")).text


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_nothing_may_have_is_refused_by_put_and_found_by_nobody(east: Arm, name: str) -> None:
    for path in (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{quote(name, safe='')}", compute("disks", quote(name, safe=""))):
        assert is_refusal(
            east.send("PUT", path, {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}}}), 400, 404
        )
        assert is_refusal(east.send("GET", path), 400, 404)
        assert east.send("DELETE", path).status_code in {204, 400, 404, 405}
    assert east.send("GET", compute("disks")).json() == {"value": []}


@pytest.mark.parametrize("separator", ["%2F", "%2f", "%5C", "%00"])
def test_an_encoded_separator_never_becomes_a_separator(east: Arm, separator: str) -> None:
    disk = east.attach("os")
    answer = east.send("POST", f"{disk}{separator}verify")
    assert is_refusal(answer, 400)
    assert answer.json()["error"]["target"] == "path"
    assert east.region.launched == []


@pytest.mark.parametrize("path", ["", "/", "//", "/subscriptions//resourceGroups", "/subscriptions/%FF", "/*"])
def test_a_path_that_leads_nowhere_is_not_found(east: Arm, path: str) -> None:
    assert is_refusal(east.send("GET", path), 404)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "BREW"])
def test_a_method_that_is_not_served_is_405_with_those_that_are(east: Arm, method: str) -> None:
    answer = east.send(method, compute("disks", "d"))
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) <= {"GET", "PUT", "PATCH", "DELETE"}


def test_a_huge_query_and_many_headers_change_nothing(east: Arm) -> None:
    query = "&".join(f"a{number}={'x' * 50}" for number in range(1000))
    headers = {f"x-flood-{number}": "y" * 50 for number in range(1000)}
    assert east.send("GET", f"{compute('disks')}?{query}&api-version=2024-11-01", version=None, headers=headers).status_code == 200


@pytest.mark.parametrize("value", ["%00", "%FF", "2024-11-01%00", "2024-11-01&api-version=latest", "202%EF%BC%94-11-01", "9999-99-99"])
def test_a_strange_api_version_is_refused(east: Arm, value: str) -> None:
    answer = east.send("GET", f"{compute('disks')}?api-version={value}", version=None)
    assert is_refusal(answer, 400)
    assert answer.json()["error"]["code"] == "InvalidApiVersionParameter"


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b.c", "Bearer " + "x" * 60_000, "Bearer \xff", "bearer\t\0"]
)
def test_a_strange_authorization_is_refused(east: Arm, value: str) -> None:
    answer = east.send("GET", compute("disks"), headers={"Authorization": value.encode("latin-1")})  # type: ignore[dict-item] # bytes, as h11 reads it
    assert is_refusal(answer, 401)


@pytest.mark.parametrize("body", [b"", b"\xff", b"&" * 100, b"grant_type=client_credentials&client_id=%00&client_secret=%FF", b"a=b&" * 40])
def test_a_strange_form_gets_no_token(east: Arm, body: bytes) -> None:
    answer = east.send("POST", f"/{TENANT}/oauth2/v2.0/token", body)
    assert answer.status_code in {400, 401}
    assert set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize("length", ["99999999", "9" * 5000])
def test_an_announced_length_without_end_is_refused(east: Arm, length: str) -> None:
    answer = east.send("PUT", GROUP, group_body(), headers={"Content-Length": length})
    assert is_refusal(answer, 413)
