"""What a log says of itself: its identity, which is in its stream's metadata, and its end."""

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
    """A log's identity and end."""

    epoch: Epoch
    last_sequence: Sequence
    ancestors: Ancestors = ()

    def keeps(self, epoch: Epoch, sequence: Sequence) -> bool:
        """Whether what stood at `sequence` in the log's epoch `epoch` stands there still, or will be appended there."""
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
    """What the stream of a log says. Raises `Unavailable` where its metadata are none of ours."""
    metadata = info.config.metadata
    forks = (entry.split(":") for entry in metadata.get(_ANCESTORS, "").split())
    try:
        ancestors = tuple((Epoch(old), Sequence(int(fork))) for old, fork in forks)
    except ValueError as error:
        raise Unavailable(f"{info.config.name}: {_ANCESTORS} is not EPOCH:SEQUENCE …: {error}") from error
    return LogInfo(
        epoch=Epoch(metadata.get(_EPOCH, "")), last_sequence=Sequence(info.state.last_seq), ancestors=ancestors
    )
