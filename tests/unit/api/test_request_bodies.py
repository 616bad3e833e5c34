"""Bodies are decoded strictly; each mistake is named with its JSON path, and nothing else than a refusal ever comes out."""

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farpoint.api.body import json_path
from farpoint.api.schemas.collections import parse_collection, parse_collection_patch
from farpoint.api.schemas.disks import RestoreCheck, parse_disk
from farpoint.api.schemas.groups import parse_group
from farpoint.api.schemas.points import parse_point
from farpoint.api.schemas.virtual_machines import parse_vm
from farpoint.errors import Code, RefusedError
from farpoint.model.documents import JsonObject
from farpoint.model.manifest import Consistency
from farpoint.model.resources import CreateOption
from farpoint.services.disks import AttachRequest
from farpoint.services.json_reading import object_at
from farpoint.services.new_copy import CopyRequest
from farpoint.services.new_disks import NewDiskRequest
from farpoint.services.new_point import PointRequest
from farpoint.services.restores import RestoreRequest
from farpoint.services.virtual_machines import VmRequest
from farpoint.services.wanted_disks import WantedDisk


def disk(body: object) -> AttachRequest | NewDiskRequest | RestoreRequest | RestoreCheck:
    return parse_disk(json.dumps(body).encode(), group="g", name="d")


def point(body: object) -> PointRequest | CopyRequest:
    return parse_point(json.dumps(body).encode(), group="g", collection="c", name="p")


def vm(body: object) -> VmRequest:
    return parse_vm(json.dumps(body).encode(), group="g", name="v")


def empty(**properties: object) -> dict[str, object]:
    return {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, **properties}}


def attach(**properties: object) -> dict[str, object]:
    return {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}, **properties}}


def vm_body(*luns: int, **properties: object) -> dict[str, object]:
    data = [{"lun": lun, "managedDisk": {"id": f"/d{lun}"}} for lun in luns]
    return {
        "location": "eastus",
        "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": "/os"}}, "dataDisks": data}, **properties},
    }


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "Expecting value"),
        (b"{", "line 1 column 2"),
        (b"\xff{}", "byte 0 is not UTF-8"),
        (b"[]", "not a JSON object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5001 + b"}", "the number 99999999999999999999… is 5001 digits long, and no more than 4300 are read"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b'{"a": "\\u0000"}', "NUL character"),
        (b'{"a\\u0000": 1}', "NUL character"),
        (b'{"location": "a", "location": "b"}', 'the key "location" is twice in one object'),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "twice in one object"),
        (b'{"\\ud800": 1}', "lone surrogate"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper"),
        (b'{"a":' + b"[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_not_a_json_object_is_refused_with_the_reason(body: bytes, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as caught:
        parse_group(body, name="g")
    assert caught.value.code is Code.INVALID_REQUEST_CONTENT
    assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({}, "location"),
        ({"location": 5}, "location"),
        ({"location": "eastus", "tags": {"a": 1}}, "tags.a"),
        ({"location": "eastus", "tags": []}, "tags"),
    ],
)
def test_a_wrong_or_missing_field_is_named_by_its_path(body: JsonObject, target: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_group(json.dumps(body).encode(), name="g")
    assert caught.value.code is Code.INVALID_PARAMETER
    assert caught.value.target == target


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"location": "eastus"}, "properties"),
        ({"location": "eastus", "properties": {}}, "properties.creationData"),
        ({"location": "eastus", "properties": {"creationData": {"createOption": "Import"}}}, "properties.creationData.createOption"),
        ({"location": "eastus", "properties": {"creationData": {"createOption": "CopyStart"}}}, "properties.creationData.createOption"),
        ({"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}}}, "properties.diskSizeGB"),
        (empty(diskSizeGB=2, farpoint={"sizeBytes": 512}), "properties.diskSizeGB"),
        (empty(farpoint={"sizeBytes": 513}), "properties.farpoint.sizeBytes"),
        (empty(diskSizeGB=65537), "properties.diskSizeGB"),
        ({"location": "eastus", "properties": {"creationData": {"createOption": "Upload"}}}, "properties.creationData.uploadSizeBytes"),
        (
            {"location": "eastus", "properties": {"creationData": {"createOption": "Upload", "uploadSizeBytes": 1025}}},
            "properties.creationData.uploadSizeBytes",
        ),
        (
            {"location": "eastus", "properties": {"creationData": {"createOption": "Upload", "uploadSizeBytes": 512}}},
            "properties.creationData.uploadSizeBytes",
        ),
        (attach(farpoint={"path": 7}), "properties.farpoint.path"),
        (attach(farpoint={"pathh": "/a"}), "properties.farpoint.pathh"),
        (attach(farpoint={"blockSizeBytes": 100_000}), "properties.farpoint.blockSizeBytes"),
        (attach(farpoint={"blockSizeBytes": True}), "properties.farpoint.blockSizeBytes"),
        (attach(farpoint={"overwrite": True}), "properties.farpoint.overwrite"),
        (attach(farpoint={"checkOnly": True}), "properties.farpoint.checkOnly"),
        (attach(diskSizeGB="4"), "properties.diskSizeGB"),
        (attach(osType="BeOS"), "properties.osType"),
        ({"location": "eastus", "properties": {"creationData": {"createOption": "Restore"}}}, "properties.creationData.sourceResourceId"),
        (
            {"location": "eastus", "properties": {"creationData": {"createOption": "Attach", "sourceResourceId": "/x"}}},
            "properties.creationData.sourceResourceId",
        ),
    ],
)
def test_a_wrong_disk_is_refused_naming_the_field(body: JsonObject, target: str) -> None:
    with pytest.raises(RefusedError) as caught:
        disk(body)
    assert caught.value.code is Code.INVALID_PARAMETER
    assert caught.value.target == target


def test_an_attach_becomes_a_request_whatever_the_case_of_its_option() -> None:
    body = attach(farpoint={"path": "/p/os.raw", "blockSizeBytes": 65536}, osType="Windows")
    body["properties"] = {**object_at(body, "properties"), "creationData": {"createOption": "attach"}}  # type: ignore[arg-type]  # a literal of JSON
    wanted = WantedDisk(
        group="g",
        name="d",
        location="eastus",
        create_option=CreateOption.ATTACH,
        tags={},
        sku="Premium_LRS",
        os_type="Windows",
        path="/p/os.raw",
        block_bytes=65536,
    )
    assert disk(body) == AttachRequest(disk=wanted)


def test_a_restore_as_az_sends_it_becomes_a_request() -> None:
    source = {"createOption": "Restore", "sourceResourceId": "/drp"}
    body = {"location": "eastus", "properties": {"creationData": source}, "sku": {"name": "Standard_LRS"}, "tags": {}}
    request = disk(body)
    assert isinstance(request, RestoreRequest)
    assert (request.source_id, request.disk.sku, request.disk.path, request.overwrite) == ("/drp", "Standard_LRS", None, False)


def test_an_empty_point_body_asks_for_all_defaults() -> None:
    expected = PointRequest(group="g", collection="c", name="p", exclude_disks=(), consistency=None, allow_live=False)
    assert point({}) == expected
    assert point({"properties": {}}) == expected
    assert point({"properties": None}) == expected


def test_a_point_body_with_a_source_is_a_copy() -> None:
    assert point({"properties": {"sourceRestorePoint": {"id": "/rp"}}}) == CopyRequest(group="g", collection="c", name="p", source_id="/rp")


def test_only_crash_consistency_can_be_asked_for() -> None:
    asked = point({"properties": {"consistencyMode": "crashconsistent"}})
    assert isinstance(asked, PointRequest)
    assert asked.consistency is Consistency.CRASH
    with pytest.raises(RefusedError, match="ApplicationConsistent") as caught:
        point({"properties": {"consistencyMode": "ApplicationConsistent"}})
    assert caught.value.target == "properties.consistencyMode"


@pytest.mark.parametrize(
    ("extra", "target"),
    [
        ({"consistencyMode": "CrashConsistent"}, "properties.consistencyMode"),
        ({"farpoint": {"allowLive": True}}, "properties.farpoint.allowLive"),
        ({"sourceMetadata": {"storageProfile": {}}}, "properties.sourceMetadata"),
    ],
)
def test_a_copy_refuses_what_only_a_capture_can_choose(extra: dict[str, object], target: str) -> None:
    with pytest.raises(RefusedError) as caught:
        point({"properties": {"sourceRestorePoint": {"id": "/rp"}, **extra}})
    assert caught.value.target == target


def test_a_vm_keeps_what_it_was_given_without_secrets_and_read_only_fields() -> None:
    secret = {"computerName": "web", "adminUsername": "root", "adminPassword": "p4ss", "customData": "c2VjcmV0"}
    request = vm(vm_body(1, 0, osProfile=secret, vmId="forged", provisioningState="Failed", hardwareProfile={"vmSize": "S"}))
    assert request.properties == {"osProfile": {"computerName": "web", "adminUsername": "root"}, "hardwareProfile": {"vmSize": "S"}}
    assert [(disk.disk_id, disk.lun) for disk in request.attachments] == [("/os", None), ("/d0", 0), ("/d1", 1)]


def test_secrets_of_a_vm_are_left_out_wherever_they_are_and_however_they_are_spelled() -> None:
    unattended = {"enableAutomaticUpdates": True, "additionalUnattendContent": [{"content": "p4ss"}]}
    profile = {"AdminPassword": "p4ss", "CUSTOMDATA": "c2VjcmV0", "computerName": "web", "windowsConfiguration": unattended}
    extensions = {"extensions": [{"name": "e", "properties": {"settings": {"a": 1}, "ProtectedSettings": {"key": "p4ss"}}}]}
    request = vm(vm_body(OSProfile=profile, extensionProfile=extensions))
    assert request.properties == {
        "OSProfile": {"computerName": "web", "windowsConfiguration": {"enableAutomaticUpdates": True}},
        "extensionProfile": {"extensions": [{"name": "e", "properties": {"settings": {"a": 1}}}]},
    }


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"location": "eastus", "properties": {}}, "properties.storageProfile"),
        ({"location": "eastus", "properties": {"storageProfile": {}}}, "properties.storageProfile.osDisk"),
        (vm_body(0, 0), "properties.storageProfile.dataDisks[1].lun"),
        (vm_body(64), "properties.storageProfile.dataDisks[0].lun"),
        (vm_body(-1), "properties.storageProfile.dataDisks[0].lun"),
    ],
)
def test_a_wrong_vm_is_refused_naming_the_field(body: JsonObject, target: str) -> None:
    with pytest.raises(RefusedError) as caught:
        vm(body)
    assert caught.value.target == target


def test_a_collection_needs_a_source_but_a_patch_does_not() -> None:
    with pytest.raises(RefusedError) as caught:
        parse_collection(b'{"location": "eastus", "properties": {}}', group="g", name="c")
    assert caught.value.target == "properties.source"
    patch = parse_collection_patch(b'{"tags": {"a": "b"}}')
    assert (patch.tags, patch.source_id) == ({"a": "b"}, None)


def test_several_mistakes_are_counted() -> None:
    with pytest.raises(RefusedError, match=r"\(1 more\.\)"):
        parse_disk(b"{}", group="g", name="d")


def test_paths_are_written_as_azure_does() -> None:
    assert json_path(("properties", "excludeDisks", 0, "id")) == "properties.excludeDisks[0].id"
    assert json_path(()) == "(the body)"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children) | st.dictionaries(st.sampled_from(["properties", "location", "tags", "farpoint", "id"]) | st.text(), children)
    ),
    max_leaves=12,
)


def outcome(parse: Callable[[bytes], object], body: bytes) -> Code | None:
    """Return how *parse* refuses *body*, None when it takes it; any other error goes through."""
    try:
        parse(body)
    except RefusedError as error:
        return error.code
    return None


EXPECTED = {None, Code.INVALID_PARAMETER, Code.INVALID_REQUEST_CONTENT}


@given(document=JSON)
def test_any_json_is_parsed_or_refused(document: object) -> None:
    body = json.dumps(document).encode()
    assert outcome(partial(parse_disk, group="g", name="d"), body) in EXPECTED
    assert outcome(partial(parse_vm, group="g", name="v"), body) in EXPECTED
    assert outcome(partial(parse_collection, group="g", name="c"), body) in EXPECTED
    assert outcome(partial(parse_point, group="g", collection="c", name="p"), body) in EXPECTED


@given(body=st.binary())
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    assert outcome(partial(parse_group, name="g"), body) in EXPECTED
