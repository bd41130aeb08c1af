"""What to do with regions that have just become ready: lines to paste into a shell."""

from collections.abc import Iterator

import msgspec

from deploy.local.control_messages import RegionStatus, Status

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
"""The example of the page that describes the request."""


_CALLER = '-H "SlashID-OrgID: $ORG" -H "SlashID-API-Key: $KEY"'


class Step(msgspec.Struct, frozen=True):
    """What to do and see, and the lines that do it. They can be pasted again and again."""

    heading: str
    lines: str


def guide(status: Status, *, api_key: str | None, command: str, name_option: str) -> Iterator[Step]:
    """Register a webhook, create triggers at both levels, and, with several regions, cut one off.

    Without an `api_key` of the example organization the first lines issue one.
    """
    first, last = status.regions[0], status.regions[-1]
    key = api_key or f"$({command} keys issue {ORGANIZATION}{name_option})"
    yield Step("Register a webhook, and wait until every region knows it:", _register(first, key))
    yield Step(
        f"Create a trigger, wait for {first.name} alone, and read it in {last.name} with the token of the answer:",
        _keeping_token(_create("PersonCreated_v1", first, "-H 'SlashID-Required-Consistency: local_region'"))
        + "\n"
        + _read(last)
        + ' \\\n  -H "SlashID-Consistency-Token: $TOKEN"',
    )
    yield Step(
        f"Create another, wait up to 5 s until it holds in every region, and see it in {last.name}:",
        _create(
            "PersonDeleted_v1",
            first,
            "-H 'SlashID-Required-Consistency: all_regions' -H 'SlashID-Required-Consistency-Timeout: 5'",
        )
        + "\n"
        + _read(last),
    )
    if first is not last:
        yield Step(
            f"Cut {last.name} off and paste the last lines again: 408, and it says who is missing. Then heal it, and\n"
            f"see how far who is behind at {first.services[0].url}/dashboard all the while:",
            f"{command} link cut {last.name}{name_option}\n{command} link heal {last.name}{name_option}",
        )
    yield Step(
        f"See the organization's API keys; `{command} keys --help` says how they are issued and revoked:",
        f"{command} keys list {ORGANIZATION}{name_option}",
    )


def _register(region: RegionStatus, key: str) -> str:
    """Neither `jq` nor Python is needed to find the id in the answer; the time makes each `target_url` another."""
    return f"""\
ORG={ORGANIZATION}
KEY={key}
WEBHOOK=$(curl -sS {_webhooks(region)} \\
  {_CALLER} -H 'Content-Type: application/json' \\
  -H 'SlashID-Required-Consistency: all_regions' \\
  -d '{{"name": "demo", "target_url": "https://hooks.example.com/'$(date +%s%N)'"}}' \\
  | tee /dev/stderr | sed -n 's/.*"id": *"\\([0-9a-f-]\\{{36\\}}\\)".*/\\1/p'); echo; echo "webhook $WEBHOOK\""""


def _create(trigger_name: str, region: RegionStatus, consistency: str) -> str:
    return f"""\
curl -sS -w '\\n%{{http_code}} after %{{time_total}} s\\n' {_webhooks(region)}/$WEBHOOK/triggers \\
  {_CALLER} -H 'Content-Type: application/json' \\
  {consistency} \\
  -d '{{"trigger_type": "event", "trigger_name": "{trigger_name}"}}'"""


def _keeping_token(request: str) -> str:
    """The answer is shown whole, head and body, and its token kept."""
    return f"""\
TOKEN=$({request.replace("curl", "curl -i", 1)} \\
  | tee /dev/stderr | grep -i '^slashid-consistency-token:' | cut -d' ' -f2 | tr -d '\\r')"""


def _read(region: RegionStatus) -> str:
    return f"curl -sS -w '\\n' {_webhooks(region)}/$WEBHOOK/triggers \\\n  {_CALLER}"


def _webhooks(region: RegionStatus) -> str:
    return f"{region.services[0].url}/organizations/webhooks"
