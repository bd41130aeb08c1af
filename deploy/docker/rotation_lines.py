"""The lines that a person, or a shell, runs for each step of a change in the regions of Docker Compose."""

from collections.abc import Iterator, Sequence

from core.positions import Region
from deploy.docker.layout import FILES, PROCESSES, nats_service
from deploy.docker.volumes import PASSWORDS
from deploy.nats.accounts import REPLICATOR, peer
from deploy.rotation import NATS, Login, Step, Subject

_AS_OPERATOR = f"REDISCLI_AUTH=$(cat {FILES}/operator-password) redis-cli --user operator"


class Containers:
    """The containers of all regions."""

    def __init__(self, regions: Sequence[Region], *, nats_servers: int) -> None:
        self._regions = regions
        self._servers = range(1, nats_servers + 1)

    def lines(self, subject: Subject, before: Step, after: Step, *, seconds_since_files: int = 0) -> Iterator[str]:
        """The lines for the step `after`: what reads the changed files again, and what waits for it.

        `seconds_since_files` is how long ago the processes' files were written.
        """
        if isinstance(subject, Login):
            if before.accepted != after.accepted:
                yield from self._server_lines(subject, before, after, seconds_since_files)
            if before.used != after.used:
                yield from self._process_lines(subject)
        elif before.trusted != after.trusted:
            for region in self._regions:
                yield from (_reload(nats_service(region, server=server)) for server in self._servers)
            for region in self._regions:
                for role in PROCESSES:
                    yield from _wait(region, role)
        for name in sorted(after.issued - before.issued):
            yield from self._certificate_lines(name)

    def _server_lines(self, login: Login, before: Step, after: Step, seconds: int) -> Iterator[str]:
        if login.server == NATS:
            yield from (_reload(nats_service(login.region, server=server)) for server in self._servers)
            return
        yield _redis(login.region, f"{_AS_OPERATOR} < {FILES}/{PASSWORDS} | {{ ! grep -v ^OK; }}")
        if len(after.accepted[""]) < len(before.accepted[""]):
            found = rf"s/^id=\([0-9]*\) .* age=\([0-9]*\) .* user={login.user} .*/\1 \2/p"
            older = (
                f'{_AS_OPERATOR} CLIENT LIST | sed -n "{found}" | while read -r id age; do '
                f"if [ $age -gt {seconds} ]; then {_AS_OPERATOR} CLIENT KILL ID $id < /dev/null; fi; done"
            )
            yield _redis(login.region, older)

    def _process_lines(self, login: Login) -> Iterator[str]:
        if login.user in PROCESSES:
            yield from _wait(login.region, login.user)
        for region in self._regions:
            if login.server == NATS and login.user == peer(region):
                yield from _wait(region, REPLICATOR)

    def _certificate_lines(self, name: str) -> Iterator[str]:
        for region in self._regions:
            if name in {nats_service(region, server=server) for server in self._servers}:
                yield _reload(name)
            for role in PROCESSES:
                if name == f"{region}-{role}":
                    yield from _wait(region, role)


def _reload(service: str) -> str:
    return f"docker compose kill -s HUP {service}"


def _redis(region: Region, script: str) -> str:
    """A script without single quotes, run in the container of a region's Redis."""
    return f"docker compose exec -T {region}-redis sh -c '{script}'"


def _wait(region: Region, role: str) -> Iterator[str]:
    for number in (1, 2):
        yield f"docker compose exec -T {region}-{role}-{number} crosshook probe --secrets"
