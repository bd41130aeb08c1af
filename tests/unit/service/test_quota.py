import asyncio

import pytest

from service.quota import Quota, TooManyWaiting


def test_an_organization_waits_in_as_many_places_as_it_may_and_another_in_its_own() -> None:
    quota = Quota(2)
    with quota.place_of("a"), quota.place_of("a"):
        with pytest.raises(TooManyWaiting), quota.place_of("a"):
            pytest.fail("it has no place")
        with quota.place_of("b"):
            pass
    with quota.place_of("a"), quota.place_of("a"):
        pass


async def test_a_place_is_given_back_whatever_becomes_of_who_waited_there() -> None:
    quota = Quota(1)

    async def wait(error: Exception | None) -> None:
        with quota.place_of("a"):
            await asyncio.sleep(0)
            if error is not None:
                raise error
            await asyncio.Event().wait()

    with pytest.raises(ValueError, match="lost"):
        await wait(ValueError("lost"))
    waiting = asyncio.create_task(wait(None))
    await asyncio.sleep(0)
    with pytest.raises(TooManyWaiting), quota.place_of("a"):
        pytest.fail("somebody waits there")
    waiting.cancel()
    await asyncio.wait([waiting])
    with quota.place_of("a"):
        pass
