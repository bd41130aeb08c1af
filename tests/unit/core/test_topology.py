import tomllib

import pytest

from core.events import TriggerCreated, WebhookCreated
from core.positions import Epoch, Region
from core.subjects import announcements_of, epoch_in, stream_of, subject_of, subjects_of
from core.topology import InvalidTopology, RegionState, parse_topology

US, EU, JP = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")
THREE = """
    [regions.us-iowa]
    nats = ["nats://us-1:4222", "nats://us-2:4222", "nats://us-3:4222"]
    redis = "redis://us:6379/0"
    replicas = 3

    [regions.europe-belgium]
    nats = ["nats://eu:4222"]

    [regions.asia-japan]
    nats = ["nats://jp:4222"]
"""
HERE = {"nats": ["nats://us:4222"], "redis": "redis://us:6379/0"}


def test_a_topology_is_read_from_toml() -> None:
    topology = parse_topology(tomllib.loads(THREE), here="us-iowa")
    assert list(topology.regions) == [US, EU, JP]
    assert topology.regions[US].replicas == 3
    assert topology.regions[US].redis == "redis://us:6379/0"
    assert topology.regions[EU].state is RegionState.ACTIVE
    assert topology.others(US) == (EU, JP)
    assert topology.waited_for() == {US, EU, JP}


def test_one_region_alone_is_a_topology() -> None:
    topology = parse_topology({"regions": {"us-iowa": HERE}}, here="us-iowa")
    assert topology.others(US) == ()
    assert topology.waited_for() == {US}


def test_a_joining_region_is_shipped_to_and_not_yet_waited_for() -> None:
    topology = parse_topology(tomllib.loads(THREE + 'state = "joining"'), here="us-iowa")
    assert topology.others(US) == (EU, JP)
    assert topology.waited_for() == {US, EU}


def test_a_retired_region_is_neither_shipped_to_nor_waited_for_and_needs_no_servers() -> None:
    document = {"regions": {"us-iowa": HERE, "asia-japan": {"state": "retired"}}}
    topology = parse_topology(document, here="us-iowa")
    assert topology.others(US) == ()
    assert topology.waited_for() == {US}


@pytest.mark.parametrize(
    ("document", "here", "named"),
    [
        ({}, "us-iowa", "regions"),
        ([], "us-iowa", "object"),
        ({"region": {}}, "us-iowa", "region"),
        ({"regions": []}, "us-iowa", "regions"),
        ({"regions": {}}, "us-iowa", "1 to 10 regions, got 0"),
        ({"regions": {f"r{number}": HERE for number in range(11)}}, "r0", "1 to 10 regions, got 11"),
        ({"regions": {"us-iowa": HERE}}, "us-ohio", "'us-ohio'; there are us-iowa"),
        ({"regions": {"us-iowa": []}}, "us-iowa", "'us-iowa'"),
        ({"regions": {"us-iowa": {**HERE, "nat": "x"}}}, "us-iowa", "'us-iowa': .*`nat`"),
        ({"regions": {"us-iowa": {**HERE, "nats": "nats://us:4222"}}}, "us-iowa", "'us-iowa': .*nats"),
        ({"regions": {"us-iowa": {**HERE, "state": "gone"}}}, "us-iowa", "'us-iowa': .*'gone'"),
        ({"regions": {"us-iowa": {**HERE, "replicas": True}}}, "us-iowa", "'us-iowa': .*replicas"),
        ({"regions": {"us-iowa": {**HERE, "replicas": 2}}}, "us-iowa", "us-iowa: replicas: expected 1, 3 or 5, got 2"),
        ({"regions": {"us-iowa": {"redis": "redis://us"}}}, "us-iowa", "us-iowa: nats"),
        ({"regions": {"us-iowa": {"nats": ["nats://us:4222"]}}}, "us-iowa", "us-iowa: redis"),
        ({"regions": {"us-iowa": HERE, "asia-japan": {}}}, "us-iowa", "asia-japan: nats"),
        ({"regions": {"us-iowa": {"state": "retired"}}}, "us-iowa", "us-iowa: nats"),
        ({"regions": {"region-363": HERE, "region-1077": HERE}}, "region-363", "share a code"),
    ],
)
def test_a_bad_topology_is_refused_by_name(document: object, here: str, named: str) -> None:
    with pytest.raises(InvalidTopology, match=named):
        parse_topology(document, here=here)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "foo bar",
        "us:4222",
        "nats://",
        "nats://:4222",
        "nats://us 1:4222",
        "nats://us:4222\n",
        "nats://us:port",
        "nats://us:0",
        "nats://us:65536",
        "nats://[::1",
        "nats:us:4222",
        "NATS://us:4222",
        "http://us:4222",
        "redis://us:4222",
    ],
)
def test_an_address_that_cannot_be_a_nats_server_is_refused_by_region_and_field(address: str) -> None:
    document = {"regions": {"us-iowa": HERE, "asia-japan": {"nats": ["nats://jp:4222", address]}}}
    with pytest.raises(InvalidTopology) as caught:
        parse_topology(document, here="us-iowa")
    expected = "region asia-japan: nats: expected nats://HOST:PORT or tls://HOST:PORT, got "
    assert str(caught.value) == expected + repr(address)


@pytest.mark.parametrize(
    "address",
    [
        "localhost:6379",
        "redis:localhost:6379",
        "redis://",
        "redis://:6379/0",
        "redis://us:6379/zero",
        "redis://us:99999",
        "redis://us 1/0",
        "unix://",
        "unix:///",
        "unix:///run/my redis",
        "nats://us:6379",
    ],
)
def test_an_address_that_cannot_be_a_redis_is_refused_by_region_and_field(address: str) -> None:
    with pytest.raises(InvalidTopology, match=r"^region us-iowa: redis: expected redis://HOST:PORT") as caught:
        parse_topology({"regions": {"us-iowa": {**HERE, "redis": address}}}, here="us-iowa")
    assert str(caught.value).endswith(f", got {address!r}")


@pytest.mark.parametrize("nats", ["nats://us", "tls://us:4222", "nats://me:word@10.0.0.1:1", "nats://[::1]:4222"])
@pytest.mark.parametrize(
    "redis", ["redis://us", "rediss://:word@us:6379/2", "redis://[::1]:6379/", "unix:///run/redis.sock?db=1"]
)
def test_an_address_may_leave_out_its_port_and_have_a_password(nats: str, redis: str) -> None:
    topology = parse_topology({"regions": {"us-iowa": {"nats": [nats], "redis": redis}}}, here="us-iowa")
    assert topology.regions[US].redis == redis


@pytest.mark.parametrize(
    "bad", ["{}://me:secret@us:x", "{}:/me:secret@us:x", "me:secret@us:x", "{}://me:\nsecret@us:x"]
)
@pytest.mark.parametrize("scheme", ["nats", "redis"])
def test_a_bad_address_is_reported_without_its_password(scheme: str, bad: str) -> None:
    address = bad.format(scheme)
    description = HERE | ({"nats": [address]} if scheme == "nats" else {"redis": address})
    with pytest.raises(InvalidTopology, match=r"\*\*\*@us:x") as caught:
        parse_topology({"regions": {"us-iowa": description}}, here="us-iowa")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "-", "us-", "-us", "US", "us.iowa", "us iowa", "us>", "us*", "ü", "a" * 33, "us\n"]
)
def test_a_name_that_cannot_be_part_of_a_subject_is_refused(name: str) -> None:
    with pytest.raises(InvalidTopology, match="a-z, 0-9 and -"):
        parse_topology({"regions": {name: HERE}}, here=name)


@pytest.mark.parametrize("name", ["a", "1", "us-iowa", "a--b", "a" * 32])
def test_a_name_of_lower_case_letters_digits_and_inner_hyphens_is_accepted(name: str) -> None:
    assert parse_topology({"regions": {name: HERE}}, here=name).others(Region(name)) == ()


def test_a_log_has_the_same_name_in_every_region_and_takes_its_own_epoch_only() -> None:
    assert stream_of(US) == "EVENTS_us-iowa"
    assert subjects_of(US, EPOCH) == "events.us-iowa.k3v9x2.>"
    assert announcements_of(US) == "watermarks.us-iowa"


def test_an_events_subject_names_its_origin_and_kind() -> None:
    trigger = TriggerCreated(webhook_id="w", trigger_type="event", trigger_name="PersonCreated_v1")
    webhook = WebhookCreated(webhook_id="w", name="n", target_url="https://example.com")
    assert subject_of(US, EPOCH, trigger) == "events.us-iowa.k3v9x2.trigger_created.v1"
    assert subject_of(US, EPOCH, webhook) == "events.us-iowa.k3v9x2.webhook_created.v1"
    assert epoch_in(subject_of(US, EPOCH, trigger)) == EPOCH


@pytest.mark.parametrize(
    "subject", ["", "events", "events.us-iowa.k3v9x2", "watermarks.us-iowa.k3v9x2.x", "....", "_INBOX.a.b.c"]
)
def test_a_subject_that_is_not_an_events_names_no_epoch(subject: str) -> None:
    assert epoch_in(subject) == ""
