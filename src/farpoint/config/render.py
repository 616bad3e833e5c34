"""Write a region's ``config.toml``: the inverse of farpoint.config.load, for regions that ``farpoint dev up`` makes."""

import json
from pathlib import Path

from attrs import frozen

from farpoint.config.load_directory import NO_ROLE
from farpoint.config.values import IssuerConfig, RegionConfig


@frozen
class _Row:
    """One line: key and value."""

    key: str
    value: "str | int | Path | tuple[Path | str, ...]"

    def __str__(self) -> str:
        return f"{self.key} = {_toml(self.value)}"


def render_config(config: RegionConfig, *, heading: str) -> str:
    """Return the file's text, beginning with *heading* as a comment; ``load_config`` of it gives *config* back."""
    sections = [f"# {heading}\n", *_own_sections(config), *_peer_sections(config)]
    return "\n".join(sections)


def _own_sections(config: RegionConfig) -> list[str]:
    listen, peer_tls, keys = config.listen, config.peer_tls, config.keys
    directory = config.directory
    sections = [
        _section("[region]", _Row("name", config.name), _Row("id", str(config.id)), _Row("state", config.state)),
        _section(
            "[listen]",
            _Row("clients", str(listen.clients)),
            _Row("peers", str(listen.peers)),
            _Row("endpoint", listen.endpoint),
            _Row("certificate", listen.certificate),
            _Row("key", listen.key),
        ),
        _section("[peer_tls]", _Row("certificate", peer_tls.certificate), _Row("key", peer_tls.key), _Row("ca", peer_tls.ca)),
        _section("[bucket]", _Row("directory", config.bucket)),
        _section("[keys]", _Row("file", keys.file), _Row("signing", keys.signing), _Row("tokens", keys.tokens)),
        _section("[disks]", _Row("pools", config.pools)),
        _section("[directory]", _Row("tenant_id", str(directory.tenant_id)), _Row("subscription_id", str(directory.subscription_id))),
    ]
    clients = [
        _section("[[directory.clients]]", _Row("id", one.id), _Row("secret_scrypt", one.secret_scrypt), _Row("role", one.role or NO_ROLE))
        for one in directory.clients
    ]
    copy = _section("[copy]", _Row("streams", config.copy.streams))
    return [*sections, *clients, *map(_issuer_section, directory.issuers), copy, *_bounds(config)]


def _issuer_section(issuer: IssuerConfig) -> str:
    return _section(
        "[[directory.issuers]]",
        _Row("issuer", issuer.issuer),
        _Row("audience", issuer.audience),
        _Row("jwks_uri", issuer.jwks_uri),
        _Row("ca", "" if issuer.ca is None else issuer.ca),
        _Row("algorithms", issuer.algorithms),
    )


def _bounds(config: RegionConfig) -> list[str]:
    rates, limits = config.rates, config.limits
    return [
        _section(
            "[rates]",
            _Row("reads_per_second", rates.reads_per_second),
            _Row("writes_per_second", rates.writes_per_second),
            _Row("failed_logins_per_minute", rates.failed_logins_per_minute),
        ),
        _section("[activity]", _Row("entries_max", config.activity_entries_max)),
        _section("[limits]", _Row("profile", limits.profile), *(_Row(name, value) for name, value in limits.own.items())),
    ]


def _peer_sections(config: RegionConfig) -> list[str]:
    return [
        _section("[[peers]]", _Row("name", peer.name), _Row("id", str(peer.id)), _Row("endpoint", peer.endpoint), _Row("ca", peer.ca))
        for peer in config.peers
    ]


def _section(title: str, *rows: _Row) -> str:
    return "\n".join([title, *map(str, rows), ""])


def _toml(value: "str | int | Path | tuple[Path | str, ...]") -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
