"""What ends a measurement. Each error's text is one line."""


class Unmeasured(Exception):
    """There is no figure, and why."""


class UnexpectedAnswer(Unmeasured):
    """A request was answered, but not with what it asked for: a figure with it in would be of something else."""

    def __init__(self, *, status: int, body: bytes) -> None:
        super().__init__(f"expected 201, got {status}: {body[:500].decode(errors='replace')}")
