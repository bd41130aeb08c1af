"""`python -m deploy.docker.rotate SECRET`: change one secret of the regions of Docker Compose, step by step.

It runs in the init container, which has every file and no network. So it writes the files of a step, and prints the
lines that make the containers read them. The last line begins the next step.
"""

import shlex
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console

from deploy.docker.command import directory_option, fill, nats_servers_option
from deploy.docker.layout import PROCESSES, USERS, Users
from deploy.docker.rotation_lines import Containers
from deploy.docker.volumes import CERTIFICATE, certificate_names
from deploy.extras import needing
from deploy.files import put, text_in
from deploy.kept_logins import ROTATION, as_text, changed_in, rotation_in
from deploy.kept_secrets import Kept
from deploy.logins import Logins
from deploy.rotating import RotationRefused, begun, end, locked
from deploy.rotation import NATS, REDIS, Step, UnknownSecret, steps_of, subject_of
from deploy.secrets_table import secrets_table

with needing("cryptography", extra="certificates"):
    from deploy.certificates import expiry_of
    from deploy.vault import finish, nats_servers_in, new_value


_WIDTH = 120


class Deployment:
    """The volumes of the regions of Docker Compose."""

    def __init__(self, directory: Path, *, nats_servers: int, users: Users = USERS) -> None:
        self.directory = directory
        self.vault = directory / "vault"
        logins = msgspec.json.decode(text_in(self.vault / "logins.json") or "{}", type=Logins)
        self.regions = list(logins.nats)
        self._asked_for = nats_servers
        self._owners = users
        servers = nats_servers_in(self.vault) or nats_servers
        self.certificates = certificate_names(self.regions, nats_servers=servers)
        self.containers = Containers(self.regions, nats_servers=servers)
        self.users = {
            NATS: {region: list(users) for region, users in logins.nats.items()},
            REDIS: {region: list(users) for region, users in logins.redis.items()},
        }

    def fill(self) -> None:
        """Write all files as the kept secrets and the step of a change have them."""
        fill(self.directory, self.regions, now=datetime.now(UTC), nats_servers=self._asked_for, users=self._owners)

    def kept(self) -> Kept:
        """What is known about each secret."""
        files = {f"certificate {name}": self.directory / name / CERTIFICATE for name in self.certificates}
        files["authority"] = self.vault / "authority.pem"
        return Kept(
            logins=self.users,
            changed=changed_in(self.vault),
            rotation=rotation_in(self.vault),
            expiries={name: expiry_of(text) for name, path in files.items() if (text := text_in(path))},
            certificates=self.certificates,
        )

    def seconds_since_files(self) -> int:
        """How long ago the newest file of a process's logins was written."""
        paths = [
            self.directory / f"{region}-{role}" / "credentials.toml" for region in self.regions for role in PROCESSES
        ]
        return int(time.time() - max(path.stat().st_mtime for path in paths))


def rotate(deployment: Deployment, words: Sequence[str], *, after: int | None) -> list[str]:
    """Do one step, and return the lines to run. `after` is the number of the step whose lines were run, if any.

    Without it the step that was begun is done again. Raises `RotationRefused`, `UnknownSecret`.
    """
    subject = subject_of(words, logins=deployment.users, certificates=deployment.certificates)
    steps = steps_of(subject, deployment.certificates)
    vault = deployment.vault
    with locked(vault):
        if after is not None and rotation_in(vault) is None:
            raise RotationRefused(f"no change of {subject} is under way; begin it without --after")
        rotation = begun(vault, subject, new_value=lambda new: new_value(new, now=datetime.now(UTC)))
        if after is not None:
            if after not in {rotation.step + 1, rotation.step}:
                raise RotationRefused(f"step {rotation.step + 1} is under way; continue without --after")
            if after == len(steps):
                finish(vault, rotation, deployment.regions)
                end(vault, rotation)
                deployment.fill()
                return [f"echo {shlex.quote(f'{subject} is changed')}"]
            rotation = msgspec.structs.replace(rotation, step=after)
            put(vault / ROTATION, as_text(rotation))
        deployment.fill()
    number = rotation.step + 1
    before, step = ([Step("before"), *steps])[number - 1 : number + 1]
    seconds = deployment.seconds_since_files()
    again = f"docker compose run --rm -T init deploy.docker.rotate {subject} --after {number}"
    return [
        f"echo {shlex.quote(f'{number}/{len(steps)} {step.title}')}",
        *deployment.containers.lines(subject, before, step, seconds_since_files=seconds),
        f'eval "$({again})"',
    ]


@click.command()
@click.argument("secret", nargs=-1)
@click.option("--after", type=int, help="The step whose lines were run. The lines themselves name it.")
@click.option("--dry-run", is_flag=True, help="Print the steps, and do nothing.")
@click.option("--list", "is_list", is_flag=True, help="List every secret, its age, and its expiry.")
@directory_option
@nats_servers_option
def main(
    *, secret: Sequence[str], after: int | None, dry_run: bool, is_list: bool, directory: Path, nats_servers: int
) -> None:
    r"""Change SECRET: the name of a login, `authority`, or `certificate` and a name.

    It writes the files of one step, and prints lines for a shell. They make the
    containers take the files, wait for that, and begin the next step.

    \b
    Example:
      eval "$(docker compose run --rm -T init deploy.docker.rotate us-iowa/nats/service)"
    """
    deployment = Deployment(directory, nats_servers=nats_servers)
    try:
        if is_list:
            Console(width=_WIDTH).print(secrets_table(deployment.kept().secrets(), now=datetime.now(UTC)))
        elif dry_run:
            subject = subject_of(secret, logins=deployment.users, certificates=deployment.certificates)
            for number, step in enumerate(steps_of(subject, deployment.certificates), start=1):
                click.echo(f"{number} {step.title}")
        else:
            click.echo(" &&\n".join(rotate(deployment, secret, after=after)))
    except (RotationRefused, UnknownSecret) as error:
        raise click.UsageError(str(error)) from error


if __name__ == "__main__":
    main()
