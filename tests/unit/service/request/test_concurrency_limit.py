import pytest

from core.api_keys import Credentials
from service.request.concurrency_limit import ConcurrencyLimit
from service.request.context import Caller
from service.request.errors import TooManyInFlight


def caller(organization: str = "o1", shows: str = "s1") -> Caller:
    return Caller(organization, Credentials(key_id="k", digest=shows))


def administrator(organization: str = "o1") -> Caller:
    return Caller(organization, None)


def admitted(concurrency_limit: ConcurrencyLimit, *callers: Caller) -> None:
    for one in callers:
        concurrency_limit.enter(one)
        concurrency_limit.let_in(one)


def test_an_organization_has_as_many_places_as_it_may_with_all_its_keys_together() -> None:
    concurrency_limit = ConcurrencyLimit(2)
    one, other = caller(shows="s1"), caller(shows="s2")
    admitted(concurrency_limit, one, other)
    with pytest.raises(TooManyInFlight):
        admitted(concurrency_limit, caller(shows="s3"))
    concurrency_limit.leave(one)
    admitted(concurrency_limit, caller(shows="s4"))


def test_a_refused_request_takes_no_place_once_it_has_left() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    first, refused = caller(shows="s1"), caller(shows="s2")
    admitted(concurrency_limit, first)
    with pytest.raises(TooManyInFlight):
        admitted(concurrency_limit, refused)
    concurrency_limit.leave(refused)
    concurrency_limit.leave(first)
    admitted(concurrency_limit, caller(shows="s2"))


def test_a_request_is_counted_once_however_often_it_reads() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    one = caller()
    for _ in range(3):
        admitted(concurrency_limit, one)
    concurrency_limit.leave(one)
    concurrency_limit.leave(one)
    admitted(concurrency_limit, caller())


def test_a_request_with_an_invented_key_takes_only_its_own_place() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    concurrency_limit.enter(caller(shows="made up"))
    with pytest.raises(TooManyInFlight):
        concurrency_limit.enter(caller(shows="made up"))
    admitted(concurrency_limit, caller(shows="the real one"))


def test_the_administrator_has_places_of_its_own() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    admitted(concurrency_limit, caller("o1"), administrator("o1"), caller("o2", "s2"))
    with pytest.raises(TooManyInFlight):
        concurrency_limit.enter(administrator("o2"))
