import pytest

from core.api_keys import Credentials
from service.quota import Quota, TooManyWaiting
from service.requests import Caller


def caller(organization: str = "o1", shows: str = "s1") -> Caller:
    return Caller(organization, Credentials(key_id="k", digest=shows))


def administrator(organization: str = "o1") -> Caller:
    return Caller(organization, None)


def admitted(quota: Quota, *callers: Caller) -> None:
    for one in callers:
        quota.enter(one)
        quota.let_in(one)


def test_an_organization_has_as_many_places_as_it_may_with_all_its_keys_together() -> None:
    quota = Quota(2)
    one, other = caller(shows="s1"), caller(shows="s2")
    admitted(quota, one, other)
    with pytest.raises(TooManyWaiting):
        admitted(quota, caller(shows="s3"))
    quota.leave(one)
    admitted(quota, caller(shows="s4"))


def test_one_who_is_refused_takes_no_place_once_he_has_left() -> None:
    quota = Quota(1)
    first, refused = caller(shows="s1"), caller(shows="s2")
    admitted(quota, first)
    with pytest.raises(TooManyWaiting):
        admitted(quota, refused)
    quota.leave(refused)
    quota.leave(first)
    admitted(quota, caller(shows="s2"))


def test_a_request_is_counted_once_however_often_it_reads() -> None:
    quota = Quota(1)
    one = caller()
    for _ in range(3):
        admitted(quota, one)
    quota.leave(one)
    quota.leave(one)
    admitted(quota, caller())


def test_who_shows_a_key_that_is_none_takes_nobodys_place_but_his_own() -> None:
    quota = Quota(1)
    quota.enter(caller(shows="made up"))
    with pytest.raises(TooManyWaiting):
        quota.enter(caller(shows="made up"))
    admitted(quota, caller(shows="the real one"))


def test_the_administrator_has_places_of_his_own() -> None:
    quota = Quota(1)
    admitted(quota, caller("o1"), administrator("o1"), caller("o2", "s2"))
    with pytest.raises(TooManyWaiting):
        quota.enter(administrator("o2"))
