"""The servers that local regions run here, and what crosshook says of them: they may lack security fixes."""

from adapters.server_patches import outdated
from deploy.local.processes.servers import find_servers


def accepted_here() -> str:
    """`CROSSHOOK_PATCHED_SERVERS` for tests of other things: with it `ready` says that all else is well."""
    servers = find_servers()
    found = (servers.nats.server, servers.redis.server)
    return ", ".join(f"{server.kind} {'.'.join(map(str, server.version))}" for server in found)


def outdated_here() -> dict[str, str]:
    """What a process says about these servers without that setting."""
    servers = find_servers()
    return outdated((servers.nats.server, servers.redis.server))
