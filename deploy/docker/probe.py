"""`python -m deploy.docker.probe`: whether a link is there. A link that is cut is there too."""

import sys

from deploy.docker.uplink import NAME
from deploy.local.control_client import ask
from deploy.local.control_messages import AskLinks, LinksStatus
from deploy.local.errors import NoDemo


def is_there() -> bool:
    """Whether the link in this container answers."""
    try:
        return isinstance(ask(NAME, AskLinks()), LinksStatus)
    except NoDemo:
        return False


if __name__ == "__main__":
    sys.exit(not is_there())
