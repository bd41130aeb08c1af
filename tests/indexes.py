"""What an index has to be: found out from the webhooks, one by one."""

from collections import defaultdict

from core.registers import TOMBSTONE, Registers, entry_of, value_of
from core.targets import normal_form, text_in
from core.webhooks import webhook_key


def derived_index(registers: Registers, organization_id: str) -> dict[str, str]:
    """Entry -> names, of every webhook that has a `target_url`."""
    prefix, entries = webhook_key(organization_id, ""), defaultdict(list)
    for key in sorted(registers):
        fields = registers[key]
        if key.startswith(prefix) and "target_url" in fields and TOMBSTONE not in fields:
            text = text_in(value_of(fields["target_url"]))
            entries[entry_of(normal_form(text))].append(key.removeprefix(prefix))
    return {entry: " ".join(names) for entry, names in entries.items()}
