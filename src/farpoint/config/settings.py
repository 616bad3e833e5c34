"""Every key of ``config.toml``: its default and its meaning. The loader accepts these and no others; the reference page lists them.

Keys of the tables that repeat (``[[peers]]``, ``[[directory.clients]]``) are written without a number.
"""

from typing import Final

from attrs import frozen

from farpoint.model.limits import RULES, Rule

#: Marks a key that has no default.
REQUIRED: Final = None
#: Marks a limit that the configuration does not set.
PROFILE_SAYS: Final = ""

SettingValue = str | int | tuple[str, ...] | None


@frozen
class Setting:
    """One key: dotted name, default (None: must be given), and what it means."""

    name: str
    default: SettingValue
    meaning: str

    @property
    def table(self) -> str:
        """The table the key stands in."""
        return self.name.rpartition(".")[0]

    @property
    def key(self) -> str:
        """The key inside its table."""
        return self.name.rpartition(".")[2]


def _values_of(rule: Rule) -> str:
    return f"a number, at most {rule.highest}; 0: any" if rule.is_number else "true to refuse, false to allow"


SETTINGS: Final = (
    Setting("region.name", REQUIRED, "Name of the region, as in ARM locations: a letter, then letters, digits or '-'."),
    Setting("region.id", REQUIRED, "GUID of this deployment; a rebuilt region of the same name gets another."),
    Setting("region.state", ".", "Folder of metadata.sqlite and dbos.sqlite."),
    Setting("listen.clients", "127.0.0.1:8443", "Address of the listener for clients (TLS)."),
    Setting("listen.peers", "127.0.0.1:8444", "Address of the listener for peers (mutual TLS)."),
    Setting("listen.endpoint", "", "Base URL clients use; empty: https:// and listen.clients."),
    Setting("listen.certificate", "keys/server.crt", "Certificate shown to clients, PEM."),
    Setting("listen.key", "keys/server.key", "Its private key, mode 0600."),
    Setting("peer_tls.certificate", "keys/peer.crt", "Certificate shown to peers, PEM; carries the region's id."),
    Setting("peer_tls.key", "keys/peer.key", "Its private key, mode 0600."),
    Setting("peer_tls.ca", "keys/ca.crt", "Authority whose certificates are accepted on the peer listener, PEM."),
    Setting("bucket.directory", "bucket", "Folder of the bucket: packs, manifests, keys (wrapped)."),
    Setting("keys.file", "keys/kek.json", "Key encryption keys (the platform key), mode 0600."),
    Setting("keys.signing", "keys/signing.pem", "Ed25519 key that signs manifests and receipts, mode 0600."),
    Setting("keys.tokens", "keys/tokens.pem", "Key that signs access tokens, mode 0600."),
    Setting("disks.pools", ("disks",), "Folders or block devices that disks may lie in; the first receives disks without a path."),
    Setting("directory.tenant_id", REQUIRED, "GUID of the tenant, the same in all regions."),
    Setting("directory.subscription_id", REQUIRED, "GUID of the subscription, the same in all regions."),
    Setting("directory.clients.id", REQUIRED, "Client id that may ask for tokens."),
    Setting("directory.clients.secret_scrypt", REQUIRED, "Its secret, as a scrypt hash."),
    Setting("directory.clients.role", "Owner", "Its role at the subscription: Owner, Contributor, Reader, Restore Operator, or None."),
    Setting("directory.issuers.issuer", REQUIRED, "An OpenID issuer whose tokens are accepted: exactly their 'iss'."),
    Setting("directory.issuers.audience", REQUIRED, "What their 'aud' must be."),
    Setting("directory.issuers.jwks_uri", "", "Where its keys are (https); empty: found through its /.well-known/openid-configuration."),
    Setting("directory.issuers.ca", "", "Authority that signed the certificate of that address, PEM; empty: the system's."),
    Setting("directory.issuers.algorithms", ("RS256", "ES256", "EdDSA"), "Signatures that are accepted of it."),
    Setting("peers.name", REQUIRED, "Name of the other region."),
    Setting("peers.id", REQUIRED, "GUID of the other region; its certificate must carry it."),
    Setting("peers.endpoint", REQUIRED, "Base URL of the other region's peer listener."),
    Setting("peers.ca", "", "Authority that signed the other region's certificate, PEM; empty: peer_tls.ca."),
    Setting("copy.streams", 8, "Streams a copy uses at once, 1 to 8."),
    Setting("rates.reads_per_second", 500, "GETs of one client; twice as many at once. 0: any number."),
    Setting("rates.writes_per_second", 200, "Other requests of one client; twice as many at once. 0: any number."),
    Setting("rates.failed_logins_per_minute", 60, "Wrong secrets and tokens from one address. 0: any number."),
    Setting("activity.entries_max", 100_000, "Write requests the activity log keeps, about 1 KiB each."),
    Setting("limits.profile", "azure", "Limits in force: azure or lifted. Those below have their own page, limits.md."),
    *(Setting(f"limits.{rule.name}", PROFILE_SAYS, f"Otherwise than the profile says: {_values_of(rule)}.") for rule in RULES),
)
