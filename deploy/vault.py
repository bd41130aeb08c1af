"""All secrets, in a directory that only its owner can open. The first run makes them, and later runs keep them."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from core.positions import Region
from deploy.certificates import Authority, Identity, Use, new_authority
from deploy.files import Volume, put, text_in, write_volume
from deploy.kept_logins import CHANGED, LOGINS, ROTATION, as_text, changed_in, logins_in, rotation_in
from deploy.logins import Logins, new_admin_key, new_password
from deploy.rotating import finish_login
from deploy.rotation import MADE, NEW, Certificate, Login, Rotation, Step, Subject, TheAuthority, steps_of
from deploy.valid_logins import ValidLogins, during, unchanged

_ADMIN_KEY, _CERTIFICATE, _KEY = "admin-key", "authority.pem", "authority-key.pem"
_NATS_SERVERS = "nats-servers"


class Vault(msgspec.Struct, frozen=True):
    """The secrets from which all files are made. `step` is what is valid in the change that is under way."""

    logins: Logins
    admin_key: str
    authority: Authority
    rotation: Rotation | None = None
    step: Step = msgspec.field(default_factory=lambda: Step("nothing is changed"))

    @property
    def valid_logins(self) -> ValidLogins:
        """The logins that servers accept and processes use."""
        if self.rotation is None or not isinstance(self.rotation.subject, Login):
            return unchanged(self.logins)
        return during(self.step, self.logins, changed=self.rotation.subject, new=self.rotation.password)

    @property
    def trusted(self) -> str:
        """The certificates of every authority that all must trust, as PEM."""
        return "".join(
            (self._new_authority if value is NEW else self.authority).identity.certificate
            for value in self.step.trusted
        )

    def identity(
        self, kept: Identity, name: str, region: Region, role: str, *, use: Use, now: datetime, hosts: Sequence[str]
    ) -> Identity:
        """The certificate `name`: the kept one if it may stay, else a new one."""
        authority, since = self.authority, None
        if self.rotation is not None and name in self.step.issued:
            if isinstance(self.rotation.subject, Certificate):
                since = self.rotation.began_at
            else:
                authority = self._new_authority
        if authority.vouches_for(kept, region, use=use, now=now, hosts=hosts, since=since):
            return kept
        return authority.issue(region, role, use=use, now=now, hosts=hosts)

    @property
    def _new_authority(self) -> Authority:
        if self.rotation is None:
            return self.authority
        return Authority(Identity(certificate=self.rotation.certificate, key=self.rotation.key))


def nats_servers_in(directory: Path) -> int | None:
    """The number of NATS servers in each region that a vault was made for; None if there is no vault yet.

    Logs are not moved from one server to three, nor back.
    """
    # A vault of a version that knew only one server lacks the number.
    return int(text_in(directory / _NATS_SERVERS) or (1 if text_in(directory / LOGINS) else 0)) or None


def open_vault(
    directory: Path,
    regions: Sequence[Region],
    *,
    now: datetime,
    nats_servers: int | None = None,
    certificates: Sequence[str] = (),
) -> Vault:
    """The secrets in `directory`. Missing ones are made, and kept from now on.

    `nats_servers` is kept too, if it is given. `certificates` are the names of all of them.
    """
    is_new = not text_in(directory / LOGINS)
    kept = Identity(certificate=text_in(directory / _CERTIFICATE), key=text_in(directory / _KEY))
    rotation = rotation_in(directory)
    vault = Vault(
        logins=logins_in(directory, regions),
        admin_key=text_in(directory / _ADMIN_KEY) or new_admin_key(),
        authority=Authority(kept) if kept.certificate and kept.key else new_authority(now=now),
        rotation=rotation,
    )
    if rotation is not None:
        step = steps_of(rotation.subject, certificates)[rotation.step]
        vault = msgspec.structs.replace(vault, step=step)
    # Before the logins: a vault with these alone would look like one of the version that knew only one server.
    known = text_in(directory / _NATS_SERVERS) if nats_servers is None else str(nats_servers)
    changed = {MADE: now} if is_new else changed_in(directory)
    files = {_NATS_SERVERS: known} if known else {}
    files |= {
        LOGINS: as_text(vault.logins),
        _ADMIN_KEY: vault.admin_key,
        _CERTIFICATE: vault.authority.identity.certificate,
        _KEY: vault.authority.identity.key,
        CHANGED: as_text(changed),
    }
    if rotation is not None:
        files[ROTATION] = as_text(rotation)
    write_volume(directory, Volume(owner=os.geteuid(), files=files))
    return vault


def new_value(subject: Subject, *, now: datetime) -> Rotation:
    """The new value of a secret. A certificate has none: it is the first that is issued after the beginning."""
    match subject:
        case Login():
            return Rotation(subject, began_at=now, password=new_password())
        case TheAuthority():
            made = new_authority(now=now).identity
            return Rotation(subject, began_at=now, certificate=made.certificate, key=made.key)
        case Certificate():
            return Rotation(subject, began_at=now)


def finish(directory: Path, rotation: Rotation, regions: Sequence[Region]) -> None:
    """Keep the new value as the only one."""
    finish_login(directory, rotation, regions)
    if isinstance(rotation.subject, TheAuthority):
        # If the machine fails between the two, the change is still kept, and is finished again.
        put(directory / _KEY, rotation.key)
        put(directory / _CERTIFICATE, rotation.certificate)
