"""Every secret of the regions of docker-compose.yml, and the containers that have it."""

from collections.abc import Mapping

import msgspec

from deploy.docker.volumes import KEY
from deploy.logins import Logins


def secrets_in(files: Mapping[str, str]) -> dict[str, str]:
    """Name -> secret. A name is `nats us-iowa service`, for example."""
    logins = msgspec.json.decode(files["vault/logins.json"], type=Logins)
    found = {
        f"{kind} {region} {user}": password
        for kind, regions in (("nats", logins.nats), ("redis", logins.redis))
        for region, users in regions.items()
        for user, password in users.items()
    }
    keys = {path.partition("/")[0]: text for path, text in files.items() if path.endswith(f"/{KEY}")}
    keys["authority"] = files["vault/authority-key.pem"]
    found |= {f"key {owner}": text.splitlines()[1] for owner, text in keys.items()}
    found["admin key"] = files["vault/admin-key"]
    return found


def held(text: str, secrets: Mapping[str, str]) -> set[str]:
    """The names of the secrets in a text."""
    return {name for name, secret in secrets.items() if secret in text}
