"""What can be said to regions that run, and what they answer: one JSON line each way."""

import msgspec


class CutRegion(msgspec.Struct, frozen=True, tag="cut_region"):
    """Cut a region off from all others."""

    region: str


class HealRegion(msgspec.Struct, frozen=True, tag="heal_region"):
    """Undo a cut."""

    region: str


class DelayPair(msgspec.Struct, frozen=True, tag="delay_pair"):
    """Let a round trip between two regions take this long from now on."""

    a: str
    b: str
    milliseconds: float


class AskStatus(msgspec.Struct, frozen=True, tag="ask_status"):
    """Tell what runs, and where."""


class AskLinks(msgspec.Struct, frozen=True, tag="ask_links"):
    """Tell of the links alone."""


Request = CutRegion | HealRegion | DelayPair | AskStatus | AskLinks


class ProcessStatus(msgspec.Struct, frozen=True):
    """A process: `pid` is 0 while it does not run."""

    name: str
    url: str
    pid: int


class RegionStatus(msgspec.Struct, frozen=True):
    """A region and the addresses at which its parts are reached without a link in between."""

    name: str
    is_cut: bool
    topology: str
    nats: list[ProcessStatus]
    redis: ProcessStatus
    services: list[ProcessStatus]
    replicators: list[ProcessStatus]


class RoundTripStatus(msgspec.Struct, frozen=True):
    """The round trip between two regions."""

    a: str
    b: str
    milliseconds: float


class Status(msgspec.Struct, frozen=True, tag="status"):
    """Everything that runs. The control socket is its user's alone, so the admin key may be told.

    `observer` is the path of the credentials of whoever only looks.
    """

    data: str
    admin_key: str
    observer: str
    regions: list[RegionStatus]
    round_trips: list[RoundTripStatus]


class LinksStatus(msgspec.Struct, frozen=True, tag="links"):
    """The links that whoever answers has, and which of the regions it has cut off."""

    regions: list[str]
    cut: list[str]
    round_trips: list[RoundTripStatus]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """What was asked for holds now; `note` says what is to be known besides."""

    note: str = ""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Nothing was done, and why."""

    message: str


Answer = Done | Refused | Status | LinksStatus

_encoder = msgspec.json.Encoder()
_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_answer_decoder: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def encode(message: Request | Answer) -> bytes:
    """A line, with its end."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """What was asked. Raises `msgspec.DecodeError`."""
    return _request_decoder.decode(line)


def decode_answer(line: bytes) -> Answer:
    """What was answered. Raises `msgspec.DecodeError`."""
    return _answer_decoder.decode(line)
