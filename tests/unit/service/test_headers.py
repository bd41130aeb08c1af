from typing import Any

import pytest
from litestar import Request

from core.consistency import Level
from service.headers import InvalidHeader, organization_id, uuid_in, wait

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
ARRIVAL = 100.0


def a_request(*headers: tuple[str, str]) -> Request[Any, Any, Any]:
    return Request(
        {
            "type": "http",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
            "crosshook.arrival": ARRIVAL,
        }  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", ["SlashID-OrgID", "slashid-orgid", "SLASHID-ORGID"])
def test_the_organization_is_read_whatever_the_case_of_the_header(name: str) -> None:
    assert organization_id(a_request((name, ORGANIZATION))) == ORGANIZATION


def test_an_organization_has_one_form_whatever_the_case_of_its_id() -> None:
    assert organization_id(a_request(("SlashID-OrgID", ORGANIZATION.upper()))) == ORGANIZATION


@pytest.mark.parametrize(
    "value",
    [
        "",
        "acme",
        ORGANIZATION[:-1],
        ORGANIZATION + "0",
        ORGANIZATION.replace("-", ""),
        "{" + ORGANIZATION + "}",
        "urn:uuid:" + ORGANIZATION,
        ORGANIZATION.replace("a", "g"),
        ORGANIZATION.replace("-", "_"),
        ORGANIZATION + "\n",
        ORGANIZATION + "," + ORGANIZATION,
        "\u00e9" * 36,
        "0x" + ORGANIZATION[2:],
    ],
)
def test_an_organization_that_is_no_uuid_is_refused(value: str) -> None:
    with pytest.raises(InvalidHeader, match=r"^header SlashID-OrgID: expected a UUID such as"):
        organization_id(a_request(("SlashID-OrgID", value)))


def test_a_missing_organization_is_refused() -> None:
    with pytest.raises(InvalidHeader, match=r"^header SlashID-OrgID: expected a UUID such as"):
        organization_id(a_request())


def test_without_headers_a_request_waits_for_its_own_region_for_thirty_seconds() -> None:
    asked = wait(a_request())
    assert (asked.level, asked.timeout_seconds, asked.deadline) == (Level.LOCAL_REGION, 30, ARRIVAL + 30)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("seconds", [1, 2, 30, 119, 120])
def test_every_level_and_every_second_in_the_range_counts_from_the_arrival(level: Level, seconds: int) -> None:
    asked = wait(
        a_request(("SlashID-Required-Consistency", level), ("SlashID-Required-Consistency-Timeout", str(seconds)))
    )
    assert (asked.level, asked.timeout_seconds, asked.deadline) == (level, seconds, ARRIVAL + seconds)


@pytest.mark.parametrize("value", ["", "all", "ALL_REGIONS", "local-region", "all_regions,local_region", "\u00e9"])
def test_an_unknown_consistency_is_refused_with_those_that_are_known(value: str) -> None:
    with pytest.raises(InvalidHeader) as caught:
        wait(a_request(("SlashID-Required-Consistency", value)))
    assert str(caught.value) == "header SlashID-Required-Consistency: expected one of local_region, all_regions"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "121",
        "-1",
        "+5",
        "1.0",
        "1e1",
        "0x10",
        "5s",
        "5 5",
        "five",
        "1_0",
        "\u00b2",
        "9" * 9,
        "9" * 5_000,
        "5\n",
    ],
)
def test_a_timeout_that_is_no_integer_in_the_range_is_refused_with_the_range(value: str) -> None:
    with pytest.raises(InvalidHeader) as caught:
        wait(a_request(("SlashID-Required-Consistency-Timeout", value)))
    expected = "header SlashID-Required-Consistency-Timeout: expected an integer from 1 to 120, in seconds"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "name", ["SlashID-OrgID", "SlashID-Required-Consistency", "SlashID-Required-Consistency-Timeout"]
)
def test_a_header_given_twice_is_refused_though_both_say_the_same(name: str) -> None:
    value = {"SlashID-OrgID": ORGANIZATION, "SlashID-Required-Consistency": "all_regions"}.get(name, "5")
    request = a_request((name, value), (name, value))
    with pytest.raises(InvalidHeader, match=f"^header {name}: expected to be given once"):
        (organization_id if name == "SlashID-OrgID" else wait)(request)


def test_a_uuid_is_found_in_its_usual_form_only() -> None:
    assert uuid_in(ORGANIZATION.upper()) == ORGANIZATION
    assert uuid_in(ORGANIZATION.replace("-", "")) is None
