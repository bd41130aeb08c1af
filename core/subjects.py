"""The names of streams, subjects and message headers in NATS."""

from core.events import AnyEvent
from core.positions import Epoch, Region

ANNOUNCEMENTS = "watermarks.*"
"""The subject to receive every region's announcements."""

TRACEPARENT = "traceparent"
"""The header that names the trace, and the span in it, that a request or an event is part of (W3C Trace Context).

A frame has one for each of its events, in their order, with commas between them. It is empty for an event without.
"""

FRAMES = "frame.v1"
"""The form of messages that carry several events."""

RESTRICTED_KEYS = "api_keys.v2"
"""The form of events about API keys that have scopes or expire, and about the use of a key."""

FORMS = {FRAMES: "frames", RESTRICTED_KEYS: "restricted API keys"}
"""What not every version reads, with its name in words. A reader says which of them it knows."""


def stream_of(origin: Region) -> str:
    """The name of an origin's log, in every region."""
    return f"EVENTS_{origin}"


def subjects_of(origin: Region, epoch: Epoch) -> str:
    """The subjects that a log takes: its own epoch's only."""
    return f"events.{origin}.{epoch}.>"


def subject_of(origin: Region, epoch: Epoch, event: AnyEvent) -> str:
    """The subject of one event: `events.us-iowa.k3v9x2.trigger_created.v1`."""
    return _subject(origin, epoch, event.__struct_config__.tag)


def frames_of(origin: Region, epoch: Epoch) -> str:
    """The subject of a log's frames: `events.us-iowa.k3v9x2.frame.v1`."""
    return _subject(origin, epoch, FRAMES)


def _subject(origin: Region, epoch: Epoch, form: object) -> str:
    return f"events.{origin}.{epoch}.{form}"


def is_frame(subject: str) -> bool:
    """Whether a message with this subject is a frame."""
    return subject.split(".", 3)[-1] == FRAMES


def epoch_in(subject: str) -> Epoch:
    """The epoch that the subject of a log's message names; `""` if it is no such subject."""
    tokens = subject.split(".", 3)
    return Epoch(tokens[2]) if len(tokens) == 4 and tokens[0] == "events" else Epoch("")


def announcements_of(region: Region) -> str:
    """The subject of one region's announcements."""
    return f"watermarks.{region}"


def deliveries_to(user: str) -> str:
    """The prefix of the subjects on which a user of a region's NATS has events delivered to it."""
    return f"deliver.{user or 'anybody'}"


def reader_of(deliveries: str) -> str:
    """The user of a region's NATS in `deliveries`, a subject to deliver events to; `""` if it is no such subject."""
    tokens = deliveries.split(".")
    return tokens[1] if len(tokens) == 3 and tokens[0] == "deliver" else ""
