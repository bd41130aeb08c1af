"""`crosshook keys` on running regions: what it does, and the one line of each failure."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest
import pytest_asyncio
from click.testing import CliRunner

from cli.__main__ import main
from deploy.local import HttpProcess, LocalRegions, ServerProcess, local_regions
from deploy.local.control.fulfilling import fulfilling
from deploy.local.control.server import control_server
from deploy.local.network.ports import Ports
from deploy.own_command import own_command
from tests.http_client import http_client

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "keyed"
IOWA, BELGIUM = "us-iowa", "europe-belgium"
OTHER_ADMIN_KEY = "x" * 32
KEY = re.compile(r"crosshook_[0-9a-f]{32}_[A-Za-z0-9_-]{43}\n")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalRegions]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("t")))
        patch.delenv("CROSSHOOK_ADMIN_KEY", raising=False)
        async with local_regions(regions=2, round_trips=10.0) as regions, control_server(NAME) as control:
            control.fulfil = fulfilling(regions)
            yield regions


@pytest.fixture
def organization() -> str:
    return str(uuid4())


async def keys(*arguments: str, admin_key: str | None = None) -> Ended:
    """Run the command in this process. A process of its own would mostly wait for Python's start."""
    environment = {"CROSSHOOK_ADMIN_KEY": admin_key}
    result = await asyncio.to_thread(CliRunner().invoke, main, ["keys", *arguments], env=environment)
    return Ended(code=result.exit_code, stdout=result.stdout, stderr=result.stderr)


async def of_demo(*arguments: str) -> Ended:
    return await keys(*arguments, "--name", NAME)


async def issued(organization: str, *options: str) -> str:
    ended = await of_demo("issue", organization, *options)
    assert ended.code == 0, ended.stderr
    return ended.stdout.strip()


async def ids_of(organization: str) -> list[str]:
    """The ids in the table."""
    ended = await of_demo("list", organization)
    assert ended.code == 0, ended.stderr
    return re.findall(r"^ ([0-9a-f-]{36}) ", ended.stdout, re.MULTILINE)


async def status_with(api_key: str, organization: str, url: str) -> int:
    headers = {"SlashID-OrgID": organization, "SlashID-API-Key": api_key}
    async with http_client(url, headers=headers) as client:
        return (await client.get("/organizations/webhooks")).status_code


@asynccontextmanager
async def paused(demo: LocalRegions, process: ServerProcess) -> AsyncIterator[None]:
    process.pause()
    try:
        yield
    finally:
        process.resume()
        await demo.wait_ready()


async def test_the_key_alone_is_on_standard_output_and_every_region_accepts_it(
    demo: LocalRegions, organization: str
) -> None:
    arguments = (sys.executable, "-m", "cli", "keys", "issue", organization, "--name", NAME)
    process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stdout, stderr = (output.decode() for output in await process.communicate())
    assert KEY.fullmatch(stdout)
    (key_id,) = await ids_of(organization)
    revoke_it = f"{own_command()} keys revoke {organization} {key_id} --name {NAME}"
    known = f"API key {key_id}: every region accepts it. It is shown only once"
    assert stderr == f"{known}; revoke it with `{revoke_it}`\n"
    for region in demo.regions.values():
        assert await status_with(stdout.strip(), organization, region.http_url) == 200


@pytest.mark.usefixtures("demo")
async def test_a_key_that_cannot_be_written_must_be_revoked(organization: str) -> None:
    line = f"{sys.executable} -m cli keys issue {organization} --name {NAME} > /dev/full"
    process = await asyncio.create_subprocess_shell(line, stderr=subprocess.PIPE)
    _, stderr = await process.communicate()
    words, error = stderr.decode().splitlines()
    assert process.returncode == 1
    assert (await ids_of(organization))[0] in words
    assert error.startswith("Error: the key cannot be written to standard output (")
    assert error.endswith("); revoke it and issue another")


async def test_a_revoked_key_is_refused_everywhere_and_listed_no_more(demo: LocalRegions, organization: str) -> None:
    api_key, kept = await issued(organization), await issued(organization)
    revoked, still_there = await ids_of(organization)
    ended = await of_demo("revoke", organization, revoked)
    assert ended == Ended(0, f"API key {revoked} is revoked: every region refuses it\n", "")
    for region in demo.regions.values():
        assert await status_with(api_key, organization, region.http_url) == 401
        assert await status_with(kept, organization, region.http_url) == 200
    assert await ids_of(organization) == [still_there]


async def test_with_local_region_the_command_waits_for_one_region_only(demo: LocalRegions, organization: str) -> None:
    await demo.cut(BELGIUM)
    try:
        ended = await of_demo("issue", organization, "--consistency", "local_region")
        assert ended.code == 0
        assert "this region accepts it" in ended.stderr
        (key_id,) = await ids_of(organization)
        ended = await of_demo("revoke", organization, key_id, "--consistency", "local_region")
        assert ended == Ended(0, f"API key {key_id} is revoked: this region refuses it\n", "")
    finally:
        await demo.heal(BELGIUM)


@pytest.mark.usefixtures("demo")
async def test_the_list_has_all_pages_in_the_order_of_issue_and_shows_every_name_as_text(
    organization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["[red]alarm[/red]", "\x1b[2J", "three", "four", "five"]
    for name in names:
        await issued(organization, "--key-name", name)
    monkeypatch.setattr("cli.admin_api.PAGE_LENGTH", 2)
    ended = await of_demo("list", organization)
    lines = ended.stdout.splitlines()
    below = [lines[place + 1] for place, line in enumerate(lines) if re.match(" [0-9a-f]{8}-", line)]
    assert [row.strip() for row in below] == [
        "[red]alarm[/red]",
        "\N{REPLACEMENT CHARACTER}[2J",
        "three",
        "four",
        "five",
    ]


async def test_a_restricted_key_is_issued_and_listed_with_its_restrictions(
    demo: LocalRegions, organization: str
) -> None:
    api_key = await issued(organization, "--scope", "write", "--scope", "events", "--expires-in", "20d")
    assert await status_with(api_key, organization, demo.region(BELGIUM).http_url) == 403
    ended = await of_demo("list", organization)
    shown = [line.split() for line in ended.stdout.splitlines()[3:]]
    assert shown[0][3:] == [(datetime.now(UTC) + timedelta(days=20)).date().isoformat(), "write"]
    assert shown[1] == ["in", "19", "days", "events"]
    assert shown[2] == ["!", "soon"]


@pytest.mark.usefixtures("demo")
async def test_a_past_expiry_is_refused_in_one_line(organization: str) -> None:
    ended = await of_demo("issue", organization, "--expires-at", "2020-01-31T00:00:00Z")
    expected = "Error: expires_at: expected a future time before the year 9999, such as 2030-01-31T00:00:00Z\n"
    assert ended == Ended(2, "", expected)


@pytest.mark.usefixtures("demo")
async def test_the_list_of_an_organization_without_keys_shows_how_to_issue_one(organization: str) -> None:
    issue_one = f"{own_command()} keys issue {organization} --name {NAME}"
    expected = f"organization {organization} has no API keys; issue one with `{issue_one}`\n"
    assert await of_demo("list", organization) == Ended(0, expected, "")


async def test_the_admin_key_of_the_environment_is_sent_to_the_service_of_a_deployment(
    demo: LocalRegions, organization: str
) -> None:
    url = demo.region(BELGIUM).http_url
    ended = await keys("issue", organization, "--url", f"{url}/", admin_key=demo.admin_key)
    assert KEY.fullmatch(ended.stdout)
    assert f" --url {url}`" in ended.stderr
    (key_id,) = await ids_of(organization)
    ended = await keys("list", organization, "--url", url, admin_key=demo.admin_key)
    assert key_id in ended.stdout
    assert (await keys("revoke", organization, key_id, "--url", url, admin_key=demo.admin_key)).code == 0
    assert await ids_of(organization) == []


async def test_without_every_region_a_408_says_that_the_text_of_the_key_is_lost(
    demo: LocalRegions, organization: str
) -> None:
    await demo.cut(BELGIUM)
    try:
        ended = await of_demo("issue", organization, "--timeout", "1")
    finally:
        await demo.heal(BELGIUM)
    find_it = f"{own_command()} keys list {organization} --name {NAME}"
    reached = (
        f"all_regions was not reached within 1 s: waiting for {BELGIUM}; it is committed and will reach every region"
    )
    remedy = f"if it was issued, its text was not shown: find its id with `{find_it}`, revoke it, and issue another"
    assert ended == Ended(1, "", f"Error: {reached}; {remedy}\n")
    assert len(await ids_of(organization)) == 1


async def test_without_every_region_a_408_names_the_region_that_may_accept_a_revoked_key(
    demo: LocalRegions, organization: str
) -> None:
    api_key = await issued(organization)
    (key_id,) = await ids_of(organization)
    await demo.cut(BELGIUM)
    try:
        ended = await of_demo("revoke", organization, key_id, "--timeout", "1")
        assert await status_with(api_key, organization, demo.region(BELGIUM).http_url) == 200
    finally:
        await demo.heal(BELGIUM)
    behind = f"`{own_command()} lag` shows which regions are behind"
    remedy = f"until then {BELGIUM} may accept the key: repeat the command until it succeeds; {behind}"
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.stderr.endswith(f"it is committed and will reach every region; {remedy}\n")
    for _ in range(2):
        ended = await of_demo("revoke", organization, key_id)
        assert ended == Ended(0, f"API key {key_id} is revoked: every region refuses it\n", "")
        assert await status_with(api_key, organization, demo.region(BELGIUM).http_url) == 401


async def test_a_revocation_that_the_log_does_not_confirm_must_be_repeated(
    demo: LocalRegions, organization: str
) -> None:
    await issued(organization)
    (key_id,) = await ids_of(organization)
    async with paused(demo, demo.region(IOWA).nats):
        ended = await of_demo("revoke", organization, key_id, "--timeout", "1")
    assert (ended.code, ended.stdout) == (1, "")
    remedy = "the key may still be valid: repeat the command until it succeeds"
    assert ended.stderr.endswith(f"the log did not answer, so it may still be committed; {remedy}\n"), ended.stderr


async def test_a_region_that_cannot_issue_a_key_now_asks_for_another_try(demo: LocalRegions, organization: str) -> None:
    url = demo.region(IOWA).http_url
    async with paused(demo, demo.region(IOWA).redis):
        ended = await of_demo("issue", organization, "--timeout", "1")
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Error: {url} answered 503: this region's projection ")
    assert ended.stderr.endswith("nothing was done, try again\n")


async def test_too_many_keys_are_refused_and_the_error_says_how_to_make_room(
    demo: LocalRegions, organization: str
) -> None:
    await issued(organization)
    strict = await started(demo, {"CROSSHOOK_API_KEYS_MAX": "1"})
    ended = await keys("issue", organization, "--url", strict.url, admin_key=demo.admin_key)
    said = "this organization already has its maximum of 1 API keys; revoke one first"
    assert ended == Ended(1, "", f"Error: {strict.url} answered 422: {said}\n")


async def test_a_service_without_admin_routes_is_named_as_the_cause(demo: LocalRegions, organization: str) -> None:
    plain = await started(demo, {"CROSSHOOK_ADMIN_KEY": ""})
    remedy = "start it with CROSSHOOK_ADMIN_KEY, or give the URL of a service that was started with it"
    expected = Ended(1, "", f"Error: the service at {plain.url} has no admin routes; {remedy}\n")
    for arguments in (("issue", organization), ("list", organization), ("revoke", organization, str(uuid4()))):
        assert await keys(*arguments, "--url", plain.url, admin_key=demo.admin_key) == expected


async def started(demo: LocalRegions, settings: dict[str, str]) -> HttpProcess:
    """One more service of the first region."""
    service = await demo.region(IOWA).add_service(settings)
    await service.wait_ready()
    return service


async def test_another_admin_key_is_refused(demo: LocalRegions, organization: str) -> None:
    url = demo.region(IOWA).http_url
    ended = await keys("list", organization, "--url", url, admin_key=OTHER_ADMIN_KEY)
    remedy = "was started with another admin key; set CROSSHOOK_ADMIN_KEY to that key"
    assert ended == Ended(2, "", f"Error: the service at {url} {remedy}\n")


@pytest.mark.usefixtures("demo")
async def test_an_unknown_key_cannot_be_revoked(organization: str) -> None:
    key_id = str(uuid4())
    ended = await of_demo("revoke", organization, key_id)
    why = (
        "either this organization never had it, or this region has not applied its issue yet; "
        f"`{own_command()} keys list ORGANIZATION` lists the keys"
    )
    assert ended == Ended(2, "", f"Error: API key not found: {key_id}; {why}\n")


async def test_without_a_service_at_the_url_nothing_was_done(organization: str) -> None:
    ports = Ports()
    url = f"http://127.0.0.1:{ports.claim_any()}"
    ports.close()
    ended = await keys("issue", organization, "--url", url, admin_key=OTHER_ADMIN_KEY)
    why = "Connection refused; nothing was done; check that a service listens there"
    assert ended == Ended(1, "", f"Error: no connection to {url}: {why}\n")


async def test_without_a_demo_the_error_says_how_to_start_one(organization: str) -> None:
    ended = await keys("issue", organization, "--name", "absent")
    expected = f"Error: the demo named 'absent' does not run; start it with `{own_command()} up --name absent`\n"
    assert ended == Ended(1, "", expected)


@pytest.mark.parametrize(
    ("arguments", "admin_key", "expected"),
    [
        (["issue", "acme"], None, "ORGANIZATION: expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"),
        (["list", "acme"], None, "ORGANIZATION: expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"),
        (
            ["revoke", str(uuid4()), "crosshook_secret"],
            None,
            "KEY_ID: expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1",
        ),
        (["issue", str(uuid4()), "--key-name", "a" * 201], None, "--key-name: expected at most 200 characters"),
        (
            ["list", str(uuid4()), "--url", "127.0.0.1:8081"],
            OTHER_ADMIN_KEY,
            "--url: expected a URL such as http://10.0.0.7:8080, without user, query and #",
        ),
        (
            ["list", str(uuid4()), "--url", "http://127.0.0.1:8081"],
            None,
            "CROSSHOOK_ADMIN_KEY is not set; --url needs it, with the admin key that the service was started with",
        ),
        (
            ["list", str(uuid4()), "--url", "http://127.0.0.1:8081"],
            "too short",
            "CROSSHOOK_ADMIN_KEY: expected 32 to 256 printable ASCII characters without spaces, got 'something else'",
        ),
        (
            ["list", str(uuid4()), "--url", "http://127.0.0.1:8081", "--name", "demo"],
            OTHER_ADMIN_KEY,
            "--name names a demo and --url a deployment; give only one of them",
        ),
    ],
)
async def test_misuse_is_one_line(arguments: list[str], admin_key: str | None, expected: str) -> None:
    assert await keys(*arguments, admin_key=admin_key) == Ended(2, "", f"Error: {expected}\n")
