"""Certificates for regions under test: one throw-away authority in one folder."""

import datetime as dt
from pathlib import Path

from farpoint.keys.certificates import issue_certificate, make_authority
from farpoint.model.ids import RegionId
from farpoint.peers.tls import OwnCertificate


class RegionAuthority:
    """A certificate authority whose files lie in one folder."""

    def __init__(self, folder: Path, *, name: str, now: dt.datetime) -> None:
        """Make the authority; its certificate is in ``ca_file``."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._now = now
        self._authority = make_authority(name, now)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self._authority.certificate)

    def issue(self, name: str, *, region: RegionId | None, now: dt.datetime | None = None) -> OwnCertificate:
        """Issue a certificate for 127.0.0.1; one without *region* says nothing about who holds it, *now* makes it old."""
        region_id = None if region is None else str(region)
        issued = issue_certificate(self._authority, name=name, hosts=["127.0.0.1"], region_id=region_id, now=now or self._now)
        own = OwnCertificate(certificate=self._folder / f"{name}.pem", key=self._folder / f"{name}.key")
        own.certificate.write_bytes(issued.certificate)
        own.key.touch(mode=0o600)
        own.key.write_bytes(issued.key)
        return own
