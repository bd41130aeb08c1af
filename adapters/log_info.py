"""The description of a log: its identity, which is in its stream's metadata, and its end."""

import msgspec

from adapters import jetstream
from adapters.errors import Unavailable
from core.positions import Epoch, Region, Sequence

_ORIGIN = "crosshook.origin"
_EPOCH = "crosshook.epoch"
_ANCESTORS = "crosshook.ancestors"

Ancestors = tuple[tuple[Epoch, Sequence], ...]
"""The epochs that a log had before, the latest first, each with the last sequence that is still its own: the fork."""


class LogInfo(msgspec.Struct, frozen=True):
    """A log's identity and end.

    `created` is when its stream was made or restored: one that was restored from a snapshot keeps its epoch. `flaw`
    says which events up to its end the log lacks, as far as its server knows; `""` if none. `missing` is their number.
    """

    epoch: Epoch
    last_sequence: Sequence
    ancestors: Ancestors = ()
    created: str = ""
    flaw: str = ""
    missing: int = 0

    def keeps(self, epoch: Epoch, sequence: Sequence) -> bool:
        """Whether the event at `sequence` of `epoch` is still in the log, or will be appended there."""
        return epoch == self.epoch or any(epoch == old and sequence <= fork for old, fork in self.ancestors)

    def has_lost(self, epoch: Epoch, sequence: Sequence) -> bool:
        """Whether the log left `epoch` before `sequence`. An epoch that it does not know may be a later one."""
        return any(epoch == old and sequence > fork for old, fork in self.ancestors)


def metadata_of(origin: Region, epoch: Epoch, ancestors: Ancestors) -> dict[str, str]:
    """The identity of a log, for its stream to keep."""
    metadata = {_ORIGIN: origin, _EPOCH: epoch}
    if ancestors:
        metadata[_ANCESTORS] = " ".join(f"{old}:{fork}" for old, fork in ancestors)
    return metadata


def log_info(info: jetstream.StreamInfo) -> LogInfo:
    """The description of a log, from its stream. Raises `Unavailable` if the stream's metadata are not ours."""
    metadata = info.config.metadata
    forks = (entry.split(":") for entry in metadata.get(_ANCESTORS, "").split())
    try:
        ancestors = tuple((Epoch(old), Sequence(int(fork))) for old, fork in forks)
    except ValueError as error:
        raise Unavailable(f"{info.config.name}: {_ANCESTORS} is not EPOCH:SEQUENCE …: {error}") from error
    return LogInfo(
        epoch=Epoch(metadata.get(_EPOCH, "")),
        last_sequence=Sequence(info.state.last_seq),
        ancestors=ancestors,
        created=info.created,
        flaw=_flaw(info),
        missing=max(0, info.state.last_seq - info.state.messages),
    )


def _flaw(info: jetstream.StreamInfo) -> str:
    """The events that a log lacks, in words. No event is ever removed, so a log has one for each sequence.

    If several servers keep a log, a server that found damage gets those events from the others, but still reports it.
    """
    state = info.state
    if state.lost is not None and not info.cluster.replicas:
        return f"its server found {state.lost.bytes} bytes of it damaged and cut them off"
    if state.messages == state.last_seq:
        return ""
    if state.first_seq > 1:
        return f"it begins at message {state.first_seq}"
    return f"it has {state.messages} of {state.last_seq} messages"
