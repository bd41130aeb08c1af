import pytest

from core.api_keys import Credentials
from service.request.concurrency_limit import ConcurrencyLimit
from service.request.context import Identified
from service.request.errors import TooManyInFlight
from tests.unit.service.asked_by import asked_by


def asked(organization: str = "o1", shows: str = "s1") -> Identified:
    return asked_by(Credentials(key_id="k", digest=shows), organization_id=organization)


def administrator(organization: str = "o1", admin_id: str = "admin") -> Identified:
    return asked_by(organization_id=organization, admin_id=admin_id)


def admitted(concurrency_limit: ConcurrencyLimit, *requests: Identified) -> None:
    for one in requests:
        concurrency_limit.enter(one)
        concurrency_limit.let_in(one)


def test_all_keys_of_an_organization_share_its_places() -> None:
    concurrency_limit = ConcurrencyLimit(2)
    one, other = asked(shows="s1"), asked(shows="s2")
    admitted(concurrency_limit, one, other)
    with pytest.raises(TooManyInFlight):
        admitted(concurrency_limit, asked(shows="s3"))
    one.held.release()
    admitted(concurrency_limit, asked(shows="s4"))


def test_a_refused_request_takes_no_place_once_it_has_left() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    first, refused = asked(shows="s1"), asked(shows="s2")
    admitted(concurrency_limit, first)
    with pytest.raises(TooManyInFlight):
        admitted(concurrency_limit, refused)
    refused.held.release()
    first.held.release()
    admitted(concurrency_limit, asked(shows="s2"))


def test_a_request_that_reads_several_times_is_counted_once() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    one = asked()
    for _ in range(3):
        admitted(concurrency_limit, one)
    one.held.release()
    one.held.release()
    admitted(concurrency_limit, asked())


def test_a_request_with_an_invented_key_takes_only_its_own_place() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    concurrency_limit.enter(asked(shows="made up"))
    with pytest.raises(TooManyInFlight):
        concurrency_limit.enter(asked(shows="made up"))
    admitted(concurrency_limit, asked(shows="the real one"))


def test_each_administrator_has_places_of_its_own() -> None:
    concurrency_limit = ConcurrencyLimit(1)
    admitted(concurrency_limit, asked("o1"), administrator("o1"), asked("o2", "s2"))
    with pytest.raises(TooManyInFlight):
        concurrency_limit.enter(administrator("o2"))
    concurrency_limit.enter(administrator("o2", "night-shift"))
