"""What to do with regions that have just become ready: lines to paste."""

from deploy.local.control_messages import Status

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
"""The example of the page that describes the request."""

_TEMPLATE = """\
Register a webhook, and wait until every region knows it:

ORG={organization}
WEBHOOK=$(curl -sS {first}/organizations/webhooks \\
  -H "SlashID-OrgID: $ORG" -H 'Content-Type: application/json' \\
  -H 'SlashID-Required-Consistency: all_regions' \\
  -d '{{"name": "demo", "target_url": "https://hooks.example.com/'$(date +%s%N)'"}}' \\
  | tee /dev/stderr | sed -n 's/.*"id": *"\\([0-9a-f-]\\{{36\\}}\\)".*/\\1/p'); echo; echo "webhook $WEBHOOK"

Create a trigger in {first_name}, and wait for that region alone:

curl -sS -w '\\n%{{http_code}} after %{{time_total}} s\\n' {first}/organizations/webhooks/$WEBHOOK/triggers \\
  -H "SlashID-OrgID: $ORG" -H 'Content-Type: application/json' \\
  -H 'SlashID-Required-Consistency: local_region' \\
  -d '{{"trigger_type": "event", "trigger_name": "PersonCreated_v1"}}'

Create another, wait up to 5 s until it holds in every region, and see it in {last_name}:

curl -sS -w '\\n%{{http_code}} after %{{time_total}} s\\n' {first}/organizations/webhooks/$WEBHOOK/triggers \\
  -H "SlashID-OrgID: $ORG" -H 'Content-Type: application/json' \\
  -H 'SlashID-Required-Consistency: all_regions' -H 'SlashID-Required-Consistency-Timeout: 5' \\
  -d '{{"trigger_type": "event", "trigger_name": "PersonDeleted_v1"}}'
curl -sS -w '\\n' {last}/organizations/webhooks/$WEBHOOK/triggers -H "SlashID-OrgID: $ORG"
"""

_PARTITION = """
Cut {last_name} off and try the last ones again: 408, and it says who is missing.

{command} link cut {last_name}{name_option}
{command} link heal {last_name}{name_option}
"""


def guide(status: Status, *, command: str, name_option: str) -> str:
    """Lines for a shell that register a webhook and create triggers at both levels. They can be pasted again."""
    first, last = status.regions[0], status.regions[-1]
    text = _TEMPLATE.format(
        organization=ORGANIZATION,
        first=first.services[0].url,
        first_name=first.name,
        last=last.services[0].url,
        last_name=last.name,
    )
    if first is last:
        return text
    return text + _PARTITION.format(command=command, last_name=last.name, name_option=name_option)
