"""What to do with regions that have just become ready: lines to paste into a shell."""

from collections.abc import Iterator, Sequence

import msgspec

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
"""The example of the page that describes the request."""


_CALLER = '-H "SlashID-OrgID: $ORG" -H "SlashID-API-Key: $KEY"'


class Place(msgspec.Struct, frozen=True):
    """A region, and where one of its services is reached by whoever pastes."""

    name: str
    url: str


class Commands(msgspec.Struct, frozen=True):
    """How `crosshook link` and `crosshook keys` are called, and what is added at the end of each call."""

    link: str
    keys: str
    options: str = ""


class Step(msgspec.Struct, frozen=True):
    """What to do and see, and the lines that do it. They can be pasted again and again."""

    heading: str
    lines: str


def guide(places: Sequence[Place], *, api_key: str | None, commands: Commands) -> Iterator[Step]:
    """Register a webhook, create triggers at both levels, and, with several regions, cut one off.

    Without an `api_key` of the example organization the first lines issue one.
    """
    first, last = places[0], places[-1]
    link, keys, options = commands.link, commands.keys, commands.options
    key = api_key or f"$({keys} issue {ORGANIZATION}{options})"
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
            f"see how far who is behind at {first.url}/dashboard all the while:",
            f"{link} cut {last.name}{options}\n{link} heal {last.name}{options}",
        )
    yield Step(
        f"See the organization's API keys; `{keys} --help` says how they are issued and revoked:",
        f"{keys} list {ORGANIZATION}{options}",
    )


def _register(place: Place, key: str) -> str:
    """Neither `jq` nor Python is needed to find the id in the answer; the time makes each `target_url` another."""
    return f"""\
ORG={ORGANIZATION}
KEY={key}
WEBHOOK=$(curl -sS {_webhooks(place)} \\
  {_CALLER} -H 'Content-Type: application/json' \\
  -H 'SlashID-Required-Consistency: all_regions' \\
  -d '{{"name": "demo", "target_url": "https://hooks.example.com/'$(date +%s%N)'"}}' \\
  | tee /dev/stderr | sed -n 's/.*"id": *"\\([0-9a-f-]\\{{36\\}}\\)".*/\\1/p'); echo; echo "webhook $WEBHOOK\""""


def _create(trigger_name: str, place: Place, consistency: str) -> str:
    return f"""\
curl -sS -w '\\n%{{http_code}} after %{{time_total}} s\\n' {_webhooks(place)}/$WEBHOOK/triggers \\
  {_CALLER} -H 'Content-Type: application/json' \\
  {consistency} \\
  -d '{{"trigger_type": "event", "trigger_name": "{trigger_name}"}}'"""


def _keeping_token(request: str) -> str:
    """The answer is shown whole, head and body, and its token kept."""
    return f"""\
TOKEN=$({request.replace("curl", "curl -i", 1)} \\
  | tee /dev/stderr | grep -i '^slashid-consistency-token:' | cut -d' ' -f2 | tr -d '\\r')"""


def _read(place: Place) -> str:
    return f"curl -sS -w '\\n' {_webhooks(place)}/$WEBHOOK/triggers \\\n  {_CALLER}"


def _webhooks(place: Place) -> str:
    return f"{place.url}/organizations/webhooks"
