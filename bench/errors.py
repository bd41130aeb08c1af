"""The errors that end a measurement. Each error's text is one line."""


class Unmeasured(Exception):
    """There is no figure. The text gives the reason."""


class UnexpectedResponse(Unmeasured):
    """A service refused a request: the figure would measure refusals too."""

    def __init__(self, *, status: int, body: bytes) -> None:
        super().__init__(f"expected 201, got {status}: {body[:500].decode(errors='replace')}")
