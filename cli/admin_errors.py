"""Why a request about API keys failed. Each error's text is one line that says what to do."""

from collections.abc import Sequence

from deploy.own_command import own_command


class AdminError(Exception):
    """The request was not done, or not in every region that it named."""


class Unreachable(AdminError):
    """There is no connection, so nothing was sent."""

    def __init__(self, *, url: str, why: str) -> None:
        super().__init__(f"no connection to {url}: {why}; nothing was done; check that a service listens there")


class Unanswered(AdminError):
    """The request was sent, and the service may have done it."""

    def __init__(self, *, url: str, why: str) -> None:
        super().__init__(f"{url} did not answer: {why}")


class NotCrosshook(AdminError):
    """The response is not that of a crosshook service."""

    def __init__(self, *, url: str, status: int) -> None:
        super().__init__(f"{url} answered {status}, but is not a crosshook service; give the URL of a region's service")


class NoAdminRoutes(AdminError):
    """The service has no admin key, so it has no routes for API keys."""

    def __init__(self, *, url: str) -> None:
        super().__init__(
            f"the service at {url} has no admin routes; start it with CROSSHOOK_ADMIN_KEY, "
            "or give the URL of a service that was started with it"
        )


class AdminKeyRefused(AdminError):
    """The service has another admin key."""

    def __init__(self, *, url: str) -> None:
        super().__init__(
            f"the service at {url} was started with another admin key; set CROSSHOOK_ADMIN_KEY to that key"
        )


class UnknownApiKey(AdminError):
    """The region knows no such key of the organization."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"{message}; either this organization never had it, or this region has not applied its issue yet; "
            f"`{own_command()} keys list ORGANIZATION` lists the keys"
        )


class Invalid(AdminError):
    """The service returned 400. Its text says what it expects."""


class Refused(AdminError):
    """The service returned another error. Its text has the reason."""

    def __init__(self, *, url: str, status: int, message: str) -> None:
        super().__init__(f"{url} answered {status}: {message}")


class NotReached(AdminError):
    """The request reached too few regions in time. `pending` are those that lack it.

    `is_committed` says whether the log is known to have it.
    """

    def __init__(self, message: str, *, is_committed: bool, pending: Sequence[str]) -> None:
        self.is_committed = is_committed
        self.pending = tuple(pending)
        super().__init__(message)
