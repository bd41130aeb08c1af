"""The lines to paste into a shell once the regions are ready."""

from collections.abc import Iterator, Sequence

import msgspec

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
"""The example organization of the API's description."""

_CALLER = '-H "SlashID-OrgID: $ORG" -H "SlashID-API-Key: $KEY"'


class Place(msgspec.Struct, frozen=True):
    """A region, and the URL of one of its services as the reader's shell reaches it."""

    name: str
    url: str


class Commands(msgspec.Struct, frozen=True):
    """The words that call `crosshook link` and `crosshook keys`, and the options at the end of each call."""

    link: str
    keys: str
    options: str = ""


class Step(msgspec.Struct, frozen=True):
    """A heading, and lines that can be pasted any number of times."""

    heading: str
    lines: str


def guide(places: Sequence[Place], *, api_key: str | None, commands: Commands) -> Iterator[Step]:
    """Register a webhook and create triggers at both levels. With several regions, also cut one off and heal it.

    Without an `api_key` of the example organization the first lines issue one.
    """
    first, last = places[0], places[-1]
    link, keys, options = commands.link, commands.keys, commands.options
    key = api_key or f"$({keys} issue {ORGANIZATION}{options})"
    yield Step("Register a webhook, and wait until every region has it:", _register(first, key))
    yield Step(
        f"Create a trigger, and wait only for {first.name}. Then read it in {last.name}\n"
        "with the token of the response:",
        _keeping_token(_create("PersonCreated_v1", first, "-H 'SlashID-Required-Consistency: local_region'"))
        + "\n"
        + _read(last)
        + ' \\\n  -H "SlashID-Consistency-Token: $TOKEN"',
    )
    yield Step(
        f"Create another trigger, and wait up to 5 s until every region has it. Then read\nit in {last.name}:",
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
            f"Cut {last.name} off, then paste the lines with PersonDeleted_v1 again: the response\n"
            f"is 408 and names {last.name}. The dashboard shows how far each region is\n"
            f"behind, at {first.url}/dashboard:",
            f"{link} cut {last.name}{options}",
        )
        yield Step(
            f"Heal {last.name}. It catches up within seconds:",
            f"{link} heal {last.name}{options}",
        )
    yield Step(
        f"List the organization's API keys. To issue and revoke them, see\n`{keys} --help`:",
        f"{keys} list {ORGANIZATION}{options}",
    )


def _register(place: Place, key: str) -> str:
    """`sed` finds the id in the response, so that `jq` is not needed. The time makes each `target_url` a new one."""
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
    """Show the whole response, head and body, and keep its token."""
    return f"""\
TOKEN=$({request.replace("curl", "curl -i", 1)} \\
  | tee /dev/stderr | grep -i '^slashid-consistency-token:' | cut -d' ' -f2 | tr -d '\\r')"""


def _read(place: Place) -> str:
    return f"curl -sS -w '\\n' {_webhooks(place)}/$WEBHOOK/triggers \\\n  {_CALLER}"


def _webhooks(place: Place) -> str:
    return f"{place.url}/organizations/webhooks"
