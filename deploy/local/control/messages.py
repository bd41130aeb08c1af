"""Requests to running regions, and their answers: one JSON line each."""

import msgspec


class CutRegion(msgspec.Struct, frozen=True, tag="cut_region"):
    """Cut a region off from all others."""

    region: str


class HealRegion(msgspec.Struct, frozen=True, tag="heal_region"):
    """Undo a cut."""

    region: str


class DelayPair(msgspec.Struct, frozen=True, tag="delay_pair"):
    """Set the round trip between two regions."""

    a: str
    b: str
    milliseconds: float


class AskStatus(msgspec.Struct, frozen=True, tag="ask_status"):
    """Return the processes and their addresses."""


class AskLinks(msgspec.Struct, frozen=True, tag="ask_links"):
    """Return the links only."""


class TakeSecrets(msgspec.Struct, frozen=True, tag="take_secrets"):
    """Have every server and process take the logins that are valid now. Returns once they have."""


Request = CutRegion | HealRegion | DelayPair | AskStatus | AskLinks | TakeSecrets


class ProcessStatus(msgspec.Struct, frozen=True):
    """A process: `pid` is 0 while it does not run."""

    name: str
    url: str
    pid: int


class RegionStatus(msgspec.Struct, frozen=True):
    """A region, and the addresses of its parts without a link in between."""

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
    """Everything that runs. Only its user can open the control socket, so the answer may have the admin key."""

    data: str
    admin_key: str
    regions: list[RegionStatus]
    round_trips: list[RoundTripStatus]


class LinksStatus(msgspec.Struct, frozen=True, tag="links"):
    """The links of the process that answers, and the regions that it has cut off."""

    regions: list[str]
    cut: list[str]
    round_trips: list[RoundTripStatus]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The request was done. `note` is an additional remark for the user, or empty."""

    note: str = ""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The request was not done. `message` is the reason."""

    message: str


Answer = Done | Refused | Status | LinksStatus

_encoder = msgspec.json.Encoder()
_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_answer_decoder: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def encode(message: Request | Answer) -> bytes:
    """The message as one line."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """The request in `line`. Raises `msgspec.DecodeError`."""
    return _request_decoder.decode(line)


def decode_answer(line: bytes) -> Answer:
    """The answer in `line`. Raises `msgspec.DecodeError`."""
    return _answer_decoder.decode(line)
