"""What an entry of the catalogue log says: changes of resources, as canonical JSON. Normative: docs/format/catalogue.md.

A record is the resource's row: every field, under its name in camel case. Entries are kept for ever and rows grow fields: a field
that is added to a row needs a default, which older records are read with. Anything that is not known is refused.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import get_origin

from attrs import fields, has
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from farpoint.errors import IntegrityError
from farpoint.model.catalogue import RECORD_TYPES, ResourceChange, ResourceKind
from farpoint.model.disk import DiskState
from farpoint.model.documents import JsonObject, canonical_json, parse_canonical_json

_FORMAT = "farpoint-catalogue/1"
_BODY_KEYS = frozenset({"format", "changes"})
_CHANGE_KEYS = frozenset({"kind", "id", "path", "resource"})


class CatalogueCodec:
    """Encodes and decodes the bodies of entries."""

    def __init__(self) -> None:
        """Teach a converter our types."""
        self._converter = _make_converter()

    def encode(self, changes: Sequence[ResourceChange]) -> bytes:
        """Return the body that says *changes*, in their order."""
        return canonical_json({"format": _FORMAT, "changes": [self._change_out(change) for change in changes]})

    def decode(self, body: bytes) -> tuple[ResourceChange, ...]:
        """Return what a body says; raise IntegrityError when it says anything that is not known."""
        try:
            document = parse_canonical_json(body)
            _refuse_others(document, _BODY_KEYS)
            if document["format"] != _FORMAT:
                message = f"unknown format {document['format']!r} of a catalogue entry"
                raise IntegrityError(message)
            changes = document["changes"]
            if not isinstance(changes, list):
                raise TypeError(changes)
            return tuple(map(self._change_in, changes))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"the body of a catalogue entry is malformed: {type(error).__name__}"
            raise IntegrityError(message) from error

    def _change_out(self, change: ResourceChange) -> JsonObject:
        record = None if change.resource is None else self._converter.unstructure(change.resource)
        return {"kind": change.kind.value, "id": str(change.guid), "path": change.arm_path, "resource": record}

    def _change_in(self, change: JsonObject) -> ResourceChange:
        _refuse_others(change, _CHANGE_KEYS)
        structure = self._converter.structure
        kind, record = structure(change["kind"], ResourceKind), change["resource"]
        resource = None if record is None else structure(record, RECORD_TYPES[kind])
        return ResourceChange(
            kind=kind, guid=structure(change["id"], uuid.UUID), arm_path=structure(change["path"], str), resource=resource
        )


@cache
def _make_converter() -> Converter:
    """Return the one converter: it writes and compiles a function for each kind of record when it first meets it."""
    converter = Converter(detailed_validation=False)
    converter.register_unstructure_hook(uuid.UUID, str)
    converter.register_structure_hook(uuid.UUID, lambda text, _: uuid.UUID(text))
    converter.register_unstructure_hook(dt.datetime, dt.datetime.isoformat)
    converter.register_structure_hook(dt.datetime, lambda text, _: dt.datetime.fromisoformat(text))
    # Python takes 3 for a float where one is declared; written it is 3.0, always.
    converter.register_unstructure_hook(float, float)
    for plain in (str, int, float, bool):
        converter.register_structure_hook(plain, _strict(plain))
    # The mappings in our records are JSON documents of clients: they are kept as they came.
    converter.register_unstructure_hook_func(_is_document, lambda document: document)
    converter.register_structure_hook_func(_is_document, lambda document, _: document)
    converter.register_unstructure_hook_factory(has, lambda cls: _writer(cls, converter))
    converter.register_structure_hook_factory(has, lambda cls: _reader(cls, converter))
    converter.register_unstructure_hook(DiskState, lambda state: state.digest)
    converter.register_structure_hook(DiskState, lambda digest, _: DiskState.of_digest(digest))
    return converter


def _is_document(declared: object) -> bool:
    return get_origin(declared) is Mapping


def _writer(cls: type, converter: Converter) -> Callable[[object], JsonObject]:
    names = _names(cls)
    plain: Callable[[object], JsonObject] = make_dict_unstructure_fn(cls, converter)
    return lambda value: {names[name]: field for name, field in plain(value).items()}


def _reader(cls: type, converter: Converter) -> Callable[[JsonObject, type], object]:
    names = _names(cls)
    plain: Callable[[JsonObject, type], object] = make_dict_structure_fn(cls, converter)

    def read(document: JsonObject, declared: type) -> object:
        _refuse_others(document, names.values())
        return plain({name: document[key] for name, key in names.items() if key in document}, declared)

    return read


def _strict(plain: type) -> Callable[[object, type], object]:
    """Return what reads a value of exactly this type, also into an enum of it; cattrs would take "8" for a number."""

    def read(value: object, declared: Callable[[object], object]) -> object:
        if type(value) is not plain:
            raise TypeError(value)
        return declared(value)

    return read


def _refuse_others(document: JsonObject, known: Collection[str]) -> None:
    others = document.keys() - set(known)
    if others:
        raise KeyError(*others)


def _names(cls: type) -> Mapping[str, str]:
    """Return the name of every field in a record."""
    return {field.name: _camel(field.name) for field in fields(cls)}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
