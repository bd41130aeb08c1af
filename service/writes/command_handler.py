"""The path of a write: read, decide, append; then the level is waited for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from adapters.projection import View
from core.commands import ApiKeyCommand, ApiKeyIssuedBefore, Command, DeletedBefore, IssueApiKey
from core.decider import query_for
from core.events import AnyApiKeyEvent, AnyEvent, ApiKeyIssued, IdempotencyKey
from core.frames import LoggedEvent
from core.idempotency import Recorded, holder_of, recall, recorded_in
from core.operations import operation_in
from core.positions import BEGINNING, Position, Region
from core.projection import fields_after, key_about, writes_of
from core.registers import Fields
from runtime.tracing import traceparent_of
from service.reads.event_lookup import Absent, EventLookup
from service.reads.projection import ProjectionReader
from service.request.context import WriteRequest
from service.request.errors import RegionUnavailable
from service.request.shown import Progress, Refused, Result
from service.request.timing import Part
from service.watermarks.deadlines import Deadlines
from service.writes.batch import Accepted, Outcome, Proposal, Repeated, Stale
from service.writes.decisions import repetition
from service.writes.deletions import Deletions
from service.writes.level_wait import LevelWait
from service.writes.log_state import LogState
from service.writes.log_writer import LogWriter, NothingAppended


class Written(NamedTuple):
    """The outcome of a write: the registers, after it, of the webhook or API key `about_id`."""

    about_id: str
    fields: Fields


class Appended(NamedTuple):
    """A write whose event is in the log. `outcome` is its outcome, once `until_reached` has returned.

    `until_reached` returns once the requested level is reached. It raises `Refused`: why is `TimedOut`.
    """

    outcome: Result[Written] | Refused
    until_reached: Coroutine[Any, Any, None]


class CommandHandler:
    """What the write routes call."""

    def __init__(
        self,
        *,
        here: Region,
        projection_reader: ProjectionReader,
        log_state: LogState,
        writer: LogWriter,
        event_lookup: EventLookup,
        deletions: Deletions,
        level_wait: LevelWait,
        deadlines: Deadlines,
        append_seconds: float,
        why_no_restricted_keys: Callable[[], str],
        now_milliseconds: Callable[[], int],
    ) -> None:
        self._here = here
        self._projection_reader = projection_reader
        self._log_state = log_state
        self._writer = writer
        self._event_lookup = event_lookup
        self._deletions = deletions
        self._level_wait = level_wait
        self._deadlines = deadlines
        self._append_seconds = append_seconds
        self._why_no_restricted_keys = why_no_restricted_keys
        self._now_milliseconds = now_milliseconds

    async def write(self, command: Command, request: WriteRequest) -> Appended:
        """Append the event that `command` makes. The requested level is still to be waited for.

        A repeated request makes no second event: it waits for the event of the first one, and has the same outcome.
        A deletion of what is being deleted does so too.
        Raises `Refused`: why is a `Refusal`, `RegionUnavailable`, `TimedOut`, `Unauthenticated`, `Forbidden` or
        `TooManyInFlight`.
        """
        with Progress(request.asked) as progress:
            return await self._write(command, request, progress)

    async def _write(self, command: Command, request: WriteRequest, progress: Progress) -> Appended:
        unread: tuple[str, ...] = ()
        while True:
            view = await self._read(command, request, unread)
            progress.saw(view.vector)
            first = self._recorded(view, request.idempotency_key)
            if first is not None and (found := await self._found(first, view, request)) is not None:
                return self._repeat(found, request, progress)
            try:
                outcome = await self._appended(command, view, request, progress)
            except Stale as stale:
                unread = (*unread, *(key for key in stale.unread if key not in unread))
                continue
            except DeletedBefore as before:
                first_deletion = await self._deletions.first(before, command, view.vector, request.wait)
                return self._repeat(first_deletion, request, progress)
            if isinstance(outcome, Accepted):
                return self._written(outcome.position, Written(_about(command), outcome.fields), request, progress)
            found = await self._found(outcome.first, view, request)
            if found is None:
                raise RegionUnavailable(
                    "the first request with this Idempotency-Key is not in this region's log any more"
                )
            return self._repeat(found, request, progress)

    async def _read(self, command: Command, request: WriteRequest, unread: tuple[str, ...]) -> View:
        query = query_for(command)
        query = query._replace(keys=(*query.keys, *unread))
        if request.idempotency_key is not None:
            holder = holder_of(command.organization_id, author=request.caller.author)
            recalled = recall(holder, request.idempotency_key, now_milliseconds=self._now_milliseconds())
            query = query._replace(recall=recalled)
        return await self._projection_reader.read(query, request, deadline=request.wait.deadline)

    def _recorded(self, view: View, idempotency_key: IdempotencyKey | None) -> Recorded | None:
        """The first request with the same key, if the projection has one. Raises `IdempotencyKeyReused`."""
        first = recorded_in(view.records)
        if idempotency_key is None or first is None:
            return None
        outcome = repetition(idempotency_key, first)
        if isinstance(outcome, Repeated):
            return first
        raise outcome

    async def _appended(
        self, command: Command, view: View, request: WriteRequest, progress: Progress
    ) -> Accepted | Repeated:
        with request.timing.during(Part.APPEND) as span:
            return await self._append(command, view, request, progress, traceparent=traceparent_of(span))

    async def _append(
        self, command: Command, view: View, request: WriteRequest, progress: Progress, *, traceparent: str
    ) -> Accepted | Repeated:
        self._require_readers(command)
        loop = asyncio.get_running_loop()
        deadline = request.wait.deadline
        settled: asyncio.Future[Accepted | Repeated] = loop.create_future()
        proposal = Proposal(
            command=command,
            author=request.caller.author,
            vector=view.vector,
            clock=view.clock,
            registers=view.registers,
            counted=view.counted,
            settle=_settling(settled),
            preconditions=request.preconditions,
            idempotency_key=request.idempotency_key,
            idempotency_keys=view.records_count,
            traceparent=traceparent,
        )
        try:
            self._log_state.applied(view.vector.get(self._here, BEGINNING).sequence)
            self._writer.submit(proposal)
        except NothingAppended as error:
            raise RegionUnavailable(f"this region's log cannot take events: {error}") from error
        await self._deadlines.until(settled, min(deadline, loop.time() + self._append_seconds))
        if not settled.done() and proposal.is_handed:
            await self._deadlines.until(settled, deadline)
        if settled.done():
            outcome = settled.result()
            progress.operation_id = proposal.operation_id
            return outcome
        self._writer.withdraw(proposal)
        if proposal.is_handed:
            progress.operation_id = proposal.operation_id
            raise self._level_wait.unknown(request, progress)
        raise RegionUnavailable("this region's log took no event in time")

    def _require_readers(self, command: Command) -> None:
        """Raise `RegionUnavailable` if a process of an older version could take the key for one with all scopes."""
        if isinstance(command, IssueApiKey) and command.is_restricted and (why := self._why_no_restricted_keys()):
            raise RegionUnavailable(f"a key with scopes or an expiry cannot be issued yet: {why}")

    async def _found(self, first: Recorded, view: View, request: WriteRequest) -> LoggedEvent | None:
        """The event of the first request; None if it was lost with its log, and so has no effect any more."""
        operation = operation_in(first.operation_id, request.caller.organization_id)
        if operation is None:
            return None
        deadline = request.wait.deadline
        found = await self._event_lookup.look_up(first.operation_id, operation, view.vector, deadline=deadline)
        if found is Absent.NOT_YET:
            raise RegionUnavailable("the first request with this Idempotency-Key is not in this region's log yet")
        return found if isinstance(found, LoggedEvent) else None

    def _repeat(self, found: LoggedEvent, request: WriteRequest, progress: Progress) -> Appended:
        """The outcome of the first request. For an API key it is an error: its secret was not kept."""
        position, envelope = found.position, found.envelope
        progress.operation_id = found.operation_id
        if isinstance(envelope.event, ApiKeyIssued):
            written: Written | ApiKeyIssuedBefore = ApiKeyIssuedBefore(envelope.organization_id, envelope.event.key_id)
        else:
            key = key_about(envelope.organization_id, envelope.event)
            fields = fields_after(writes_of(envelope, position), key=key, before=envelope.seen)
            written = Written(_about(envelope.event), fields)
        return self._written(position, written, request, progress)

    def _written(
        self, position: Position, written: Written | ApiKeyIssuedBefore, request: WriteRequest, progress: Progress
    ) -> Appended:
        progress.wrote(position)
        outcome = progress.result(written) if isinstance(written, Written) else progress.refused(written)
        return Appended(outcome, self._level_wait.reach(position, request, progress))


def _about(what: Command | AnyEvent) -> str:
    """The id of the webhook or API key that `what` is about."""
    if isinstance(what, ApiKeyCommand | AnyApiKeyEvent):
        return what.key_id
    return what.webhook_id


def _settling(future: "asyncio.Future[Accepted | Repeated]") -> Callable[[Outcome], None]:
    def settle(outcome: Outcome) -> None:
        if future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    return settle
