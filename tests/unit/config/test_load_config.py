"""A region's config.toml: defaults, paths, and refusals that name the key."""

import uuid
from pathlib import Path

import pytest

from farpoint.config.load import load_config
from farpoint.config.render import render_config
from farpoint.config.settings import SETTINGS
from farpoint.config.values import Address
from farpoint.errors import Code, RefusedError
from farpoint.model.limits import Limits

GUID = "11111111-1111-1111-1111-111111111111"
LEAST = f"""
[region]
name = "eastus"
id = "{GUID}"
[directory]
tenant_id = "{GUID}"
subscription_id = "{GUID}"
"""
PEER = f"""
[[peers]]
name = "westus"
id = "{GUID}"
endpoint = "https://127.0.0.1:9444/"
"""

ISSUER = """
[[directory.issuers]]
issuer = "https://login.example.net/"
audience = "farpoint"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        load_config(write(folder, text))
    assert caught.value.code is Code.CONFIGURATION
    return caught.value


def test_defaults_fill_what_is_not_said(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, LEAST))
    assert (config.name, config.id) == ("eastus", uuid.UUID(GUID))
    assert config.listen.clients == Address(host="127.0.0.1", port=8443)
    assert config.listen.peers == Address(host="127.0.0.1", port=8444)
    assert config.listen.endpoint == "https://127.0.0.1:8443"
    assert (config.copy.streams, config.limits) == (8, Limits(profile="azure"))


def test_relative_paths_resolve_against_the_files_folder(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, LEAST + '[disks]\npools = ["a", "/b"]\n'))
    assert config.state == tmp_path
    assert config.bucket == tmp_path / "bucket"
    assert config.keys.file == tmp_path / "keys" / "kek.json"
    assert config.pools == (tmp_path / "a", Path("/b"))


def test_peers_take_the_regions_own_authority_unless_told(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, LEAST + PEER))
    assert (config.peers[0].endpoint, config.peers[0].ca) == ("https://127.0.0.1:9444", tmp_path / "keys" / "ca.crt")
    other = load_config(write(tmp_path, LEAST + PEER + 'ca = "west.crt"\n'))
    assert other.peers[0].ca == tmp_path / "west.crt"


def test_clients_keep_their_hash_out_of_what_is_printed(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, LEAST + '[[directory.clients]]\nid = "cli"\nsecret_scrypt = "scrypt$a$b"\n'))
    assert config.directory.clients[0].secret_scrypt == "scrypt$a$b"
    assert "scrypt$a$b" not in repr(config)


def test_what_is_rendered_loads_as_it_was(tmp_path: Path) -> None:
    text = LEAST + '[[directory.clients]]\nid = "c"\nsecret_scrypt = "scrypt$a$b"\n' + PEER
    limits = "[limits]\ncopy_order = false\npoints_per_vm = 7\n"
    config = load_config(write(tmp_path, text + limits + '[disks]\npools = ["odd \\" name", "/b"]\n'))
    assert config.limits.own == {"copy_order": False, "points_per_vm": 7}
    assert load_config(write(tmp_path, render_config(config, heading="again"))) == config


def test_an_unknown_key_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    error = refusal(tmp_path, LEAST + '[listen]\nclient = "127.0.0.1:1"\n')
    assert (error.target, error.hint) == ("listen.client", "Did you mean clients?")


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, LEAST + "[bukcet]\n").hint == "Did you mean bucket?"


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS if setting.default is None])
def test_a_missing_key_without_default_is_named(tmp_path: Path, name: str) -> None:
    full = LEAST + PEER + '[[directory.clients]]\nid = "c"\nsecret_scrypt = "scrypt$a$b"\n' + ISSUER
    table, _, key = name.rpartition(".")
    header = f"[[{table}]]" if f"[[{table}]]" in full else f"[{table}]"
    before, after = full.split(f"{header}\n")
    kept = "\n".join(line for line in after.splitlines() if not line.startswith(f"{key} = ") or _is_later(after, line, key))
    assert refusal(tmp_path, f"{before}{header}\n{kept}\n").target == name


def _is_later(text: str, line: str, key: str) -> bool:
    """Tell whether *line* belongs to a later table than the first one of *text*."""
    first = text.partition("\n[")[0]
    return line not in first.splitlines() or not line.startswith(f"{key} = ")


@pytest.mark.parametrize(
    ("lines", "target"),
    [
        ('[listen]\nclients = "8443"', "listen.clients"),
        ('[listen]\npeers = "127.0.0.1:70000"', "listen.peers"),
        ('[listen]\nendpoint = "http://127.0.0.1:1"', "listen.endpoint"),
        ("[copy]\nstreams = 0", "copy.streams"),
        ("[copy]\nstreams = true", "copy.streams"),
        ('[limits]\ncopy_duration = "14"', "limits.copy_duration"),
        ("[limits]\ncopy_duration = true", "limits.copy_duration"),
        ("[limits]\ncopy_duration = 3651", "limits.copy_duration"),
        ("[limits]\ncopy_order = 1", "limits.copy_order"),
        ("[limits]\ncopy_orders = false", "limits.copy_orders"),
        ("[disks]\npools = []", "disks.pools"),
        ("[disks]\npools = [1]", "disks.pools"),
        ('[limits]\nprofile = "none"', "limits.profile"),
        ("[bucket]\ndirectory = 1", "bucket.directory"),
        ("peers = 1", "peers"),
        ("copy = 1", "copy"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_its_key(tmp_path: Path, lines: str, target: str) -> None:
    first, rest = ("", lines) if lines.startswith("[") else (lines + "\n", "")
    assert refusal(tmp_path, f"{first}{LEAST}{rest}\n").target == target


def test_a_guid_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, LEAST.replace(f'id = "{GUID}"\n[directory]', 'id = "x"\n[directory]')).target == "region.id"


@pytest.mark.parametrize("name", ["", "1st", "a/b", "a.b", "..", "a" * 64, "a_b"])
def test_a_name_that_cannot_name_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, LEAST.replace('"eastus"', f'"{name}"')).target == "region.name"


def test_two_peers_of_one_name_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, LEAST + PEER + PEER).target == "peers.name"
    assert refusal(tmp_path, LEAST + PEER.replace("westus", "EastUS")).target == "peers.name"


def test_a_file_that_is_not_there_or_not_toml_is_refused(tmp_path: Path) -> None:
    assert "is not TOML" in refusal(tmp_path, "[region").message
    with pytest.raises(RefusedError, match="cannot read the configuration"):
        load_config(tmp_path / "none.toml")


def test_every_setting_stands_in_one_table_and_means_something() -> None:
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    assert all(setting.meaning.endswith(".") for setting in SETTINGS)


def test_who_may_come_is_read_and_written_back(tmp_path: Path) -> None:
    clients = "".join(
        f'[[directory.clients]]\nid = "{name}"\nsecret_scrypt = "s"\n{role}'
        for name, role in [("a", ""), ("b", 'role = "restore operator"\n'), ("c", 'role = "None"\n')]
    )
    config = load_config(write(tmp_path, LEAST + clients + ISSUER + 'ca = "ca.pem"\nalgorithms = ["ES256"]\n'))
    assert [client.role for client in config.directory.clients] == ["Owner", "Restore Operator", ""]
    (issuer,) = config.directory.issuers
    # To the letter: tokens say the same, a slash at the end included.
    assert (issuer.issuer, issuer.audience, issuer.jwks_uri) == ("https://login.example.net/", "farpoint", "")
    assert (issuer.ca, issuer.algorithms) == (tmp_path / "ca.pem", ("ES256",))
    assert load_config(write(tmp_path, render_config(config, heading="Again."))) == config


@pytest.mark.parametrize(
    ("text", "target", "says"),
    [
        ('[[directory.clients]]\nid = "a"\nsecret_scrypt = "s"\nrole = "Onwer"\n', "directory.clients.role", "Did you mean Owner?"),
        (ISSUER.replace("https", "http"), "directory.issuers.issuer", ""),
        (ISSUER + 'algorithms = ["HS256"]\n', "directory.issuers.algorithms", "RS256"),
        (ISSUER + 'jwks_uri = "http://x"\n', "directory.issuers.jwks_uri", ""),
        (ISSUER + ISSUER, "directory.issuers.issuer", ""),
        ("[rates]\nreads_per_second = -1\n", "rates.reads_per_second", ""),
        ("[activity]\nentries_max = 0\n", "activity.entries_max", ""),
    ],
)
def test_a_wrong_rule_about_who_may_come_is_refused(tmp_path: Path, text: str, target: str, says: str) -> None:
    refused = refusal(tmp_path, LEAST + text)
    assert refused.target == target
    assert says in refused.hint
