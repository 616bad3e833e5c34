"""Read one region's ``config.toml``.

Everything wrong with the file is refused with the key it is about, before anything is opened or started.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from farpoint.config.load_directory import load_directory
from farpoint.config.table import Table, https_url, nearest, refuse
from farpoint.config.values import (
    ACTIVITY_ENTRIES_MAX,
    RATE_MAX,
    STREAMS_MAX,
    CopyConfig,
    DirectoryConfig,
    KeysConfig,
    ListenConfig,
    PeerConfig,
    PeerTlsConfig,
    RatesConfig,
    RegionConfig,
)
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.limits import PROFILES, RULES, Limits, Rule, RuleValue
from farpoint.model.regions import region_key

_TABLES = ("region", "listen", "peer_tls", "bucket", "keys", "disks", "directory", "peers", "copy", "rates", "activity", "limits")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")


def load_config(path: Path) -> RegionConfig:
    """Read, check and complete the configuration at *path*; raise RefusedError(CONFIGURATION) naming the key that is wrong."""
    document = _parse(path)
    file = _File(document, folder=path.resolve().parent)
    region = file.table("region")
    name = check_region_name(region.text("name"), key="region.name")
    peer_tls = _peer_tls(file)
    return RegionConfig(
        name=name,
        id=RegionId(region.guid("id")),
        state=region.path("state"),
        listen=_listen(file),
        peer_tls=peer_tls,
        bucket=file.table("bucket").path("directory"),
        keys=_keys(file),
        pools=file.table("disks").paths("pools"),
        directory=_directory(file),
        peers=_peers(file, own_name=name, authority=peer_tls.ca),
        copy=_copy(file),
        rates=_rates(file),
        activity_entries_max=file.table("activity").integer("entries_max", lowest=1, highest=ACTIVITY_ENTRIES_MAX),
        limits=_limits(file),
    )


def check_region_name(name: str, *, key: str) -> str:
    """Return *name*, or refuse it: region names also name folders and environment variables."""
    if not _NAME.fullmatch(name):
        refuse(f"{key}: {name!r} is not a region name", hint="A letter, then letters, digits or '-', 63 at most.", target=key)
    return name


class _File:
    """The parsed file, table by table."""

    def __init__(self, document: JsonObject, *, folder: Path) -> None:
        self._document = document
        self._folder = folder

    def table(self, name: str, *, subtables: tuple[str, ...] = ()) -> Table:
        value = self._document.get(name, {})
        if not isinstance(value, dict):
            refuse(f"{name} must be a table, written [{name}]", target=name)
        return Table(name, cast("JsonObject", value), folder=self._folder, subtables=subtables)

    def rows(self, *, table: str = "", key: str) -> Sequence[Table]:
        """Return the tables of an array, e.g. ``[[peers]]`` or, inside the table *directory*, ``[[directory.clients]]``."""
        parent = self._document.get(table, {}) if table else self._document
        value = parent.get(key, []) if isinstance(parent, dict) else []
        name = f"{table}.{key}" if table else key
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            refuse(f"{name} must be a list of tables, each written [[{name}]]", target=name)
        return [Table(name, cast("JsonObject", row), folder=self._folder) for row in value]


def _parse(path: Path) -> JsonObject:
    try:
        document = cast("JsonObject", tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        refuse(f"cannot read the configuration {path}: {error.strerror}", hint="Give the file with --config.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        refuse(f"{path} is not TOML: {error}")
    for name in document:
        if name not in _TABLES:
            refuse(f"{path}: unknown table [{name}]", hint=nearest(name, list(_TABLES)), target=name)
    return document


def _listen(file: _File) -> ListenConfig:
    table = file.table("listen")
    clients = table.address("clients")
    endpoint = table.text("endpoint") or f"https://{clients}"
    return ListenConfig(
        clients=clients,
        peers=table.address("peers"),
        endpoint=https_url(endpoint, key="listen.endpoint"),
        certificate=table.path("certificate"),
        key=table.path("key"),
    )


def _peer_tls(file: _File) -> PeerTlsConfig:
    table = file.table("peer_tls")
    return PeerTlsConfig(certificate=table.path("certificate"), key=table.path("key"), ca=table.path("ca"))


def _keys(file: _File) -> KeysConfig:
    table = file.table("keys")
    return KeysConfig(file=table.path("file"), signing=table.path("signing"), tokens=table.path("tokens"))


def _directory(file: _File) -> DirectoryConfig:
    table = file.table("directory", subtables=("clients", "issuers"))
    clients, issuers = (file.rows(table="directory", key=key) for key in ("clients", "issuers"))
    return load_directory(table, clients=clients, issuers=issuers)


def _peers(file: _File, *, own_name: str, authority: Path) -> tuple[PeerConfig, ...]:
    seen = {region_key(own_name)}
    peers = []
    for row in file.rows(key="peers"):
        name = check_region_name(row.text("name"), key="peers.name")
        if region_key(name) in seen:
            refuse(f"peers.name: {name} is named twice, or is this region itself", target="peers.name")
        seen.add(region_key(name))
        ca = row.path("ca") if row.text("ca") else authority
        endpoint = https_url(row.text("endpoint"), key="peers.endpoint")
        peers.append(PeerConfig(name=name, id=RegionId(row.guid("id")), endpoint=endpoint, ca=ca))
    return tuple(peers)


def _copy(file: _File) -> CopyConfig:
    table = file.table("copy")
    return CopyConfig(streams=table.integer("streams", lowest=1, highest=STREAMS_MAX))


def _rates(file: _File) -> RatesConfig:
    table = file.table("rates")
    return RatesConfig(
        reads_per_second=table.integer("reads_per_second", lowest=0, highest=RATE_MAX),
        writes_per_second=table.integer("writes_per_second", lowest=0, highest=RATE_MAX),
        failed_logins_per_minute=table.integer("failed_logins_per_minute", lowest=0, highest=RATE_MAX),
    )


def _limits(file: _File) -> Limits:
    table = file.table("limits")
    profile = table.text("profile")
    if profile not in PROFILES:
        refuse(f"limits.profile must be one of {', '.join(PROFILES)}, not {profile!r}", target="limits.profile")
    return Limits(profile=profile, own={rule.name: _value(table, rule) for rule in RULES if table.has(rule.name)})


def _value(table: Table, rule: Rule) -> RuleValue:
    return table.integer(rule.name, lowest=0, highest=rule.highest) if rule.is_number else table.flag(rule.name)
