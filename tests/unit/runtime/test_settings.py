from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import pytest

from runtime.settings import TRACES_ENDPOINTS, Environment, InvalidSetting, SpanBatches, TracesEndpoint

TOPOLOGY = """
[regions.us-iowa]
nats = ["nats://localhost:4222"]
redis = "redis://localhost:6379/0"

[regions.europe-belgium]
nats = ["nats://elsewhere:4222"]
"""


TRACES, ALL = TRACES_ENDPOINTS


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def number(text: str) -> float:
    return Environment({"N": text}).number("N", default=10, low=0, high=60)


def integer(text: str) -> int:
    return Environment({"N": text}).integer("N", default=10, low=-5, high=60)


def address(text: str) -> tuple[str, int]:
    return Environment({"A": text}).address("A", default="127.0.0.1:8080")


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("60", 60.0), ("0.5", 0.5), ("1e1", 10.0)])
def test_a_number_in_the_range_is_accepted(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["soon", "", "-0.001", "60.001", "nan", "inf", "-inf", "1e999", "5s", "0x10"])
def test_the_error_about_an_invalid_number_is_one_line_with_the_setting_the_range_and_the_text(text: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        number(text)
    assert str(caught.value) == f"N: expected a number from 0 to 60, got {text!r}"


@pytest.mark.parametrize(("text", "value"), [("-5", -5), ("60", 60), ("007", 7)])
def test_an_integer_in_the_range_is_accepted(text: str, value: int) -> None:
    assert integer(text) == value


@pytest.mark.parametrize("text", ["", "5.0", "-6", "61", "five", "9" * 5_000])
def test_the_error_about_an_invalid_integer_is_one_line(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^N: expected an integer from -5 to 60, got '"):
        integer(text)


def test_a_setting_that_is_not_set_has_its_default() -> None:
    nothing = Environment({})
    assert nothing.number("N", default=10, low=0, high=1) == 10
    assert nothing.integer("N", default=10, low=0, high=1) == 10
    assert nothing.choice("C", default=Colour.RED) is Colour.RED
    assert nothing.flag("F") is False
    assert nothing.address("A", default="127.0.0.1:8080") == ("127.0.0.1", 8080)


@pytest.mark.parametrize("text", ["", "http://127.0.0.1:4318", "https://collector.example.com/otlp"])
def test_a_url_is_accepted_unchanged(text: str) -> None:
    assert Environment({"U": text}).url("U") == text


@pytest.mark.parametrize("text", ["collector:4318", "grpc://collector:4317", "http://", "http:///v1", "http://a b"])
def test_the_error_about_an_invalid_url_is_one_line(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^U: expected http://HOST:PORT or https://HOST:PORT, got '"):
        Environment({"U": text}).url("U")


@pytest.mark.parametrize(
    "text", ["http:/me:secret@collector:4318", "me:secret@collector", "grpc://me:secret@collector"]
)
def test_the_error_about_an_invalid_url_does_not_repeat_its_password(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"\*\*\*@collector") as caught:
        Environment({"U": text}).url("U")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "variable"),
    [
        ({}, ""),
        ({TRACES: "", ALL: ""}, ""),
        ({ALL: "http://all:4318"}, ALL),
        ({TRACES: "http://traces:4318/v1/traces"}, TRACES),
        ({TRACES: "http://traces:4318/v1/traces", ALL: "http://all:4318"}, TRACES),
        ({TRACES: "", ALL: "http://all:4318"}, ALL),
    ],
)
def test_either_of_opentelemetrys_endpoints_is_enough_and_the_one_for_traces_alone_counts_first(
    variables: dict[str, str], variable: str
) -> None:
    found = Environment(variables).traces_endpoint()
    assert found == (TracesEndpoint(variable, variables[variable]) if variable else None)


@pytest.mark.parametrize(
    ("variables", "batches"),
    [
        ({}, SpanBatches(2_048, 512, 5_000, 30_000)),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "", "OTEL_BSP_SCHEDULE_DELAY": ""}, SpanBatches()),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "100"}, SpanBatches(100, 100)),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "9", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8"}, SpanBatches(9, 8)),
        ({"OTEL_BSP_SCHEDULE_DELAY": "1", "OTEL_BSP_EXPORT_TIMEOUT": "2"}, SpanBatches(2_048, 512, 1, 2)),
    ],
)
def test_the_batches_of_spans_follow_opentelemetrys_variables(variables: dict[str, str], batches: SpanBatches) -> None:
    found = Environment({ALL: "http://all:4318", **variables}).traces_endpoint()
    assert found is not None
    assert found.batches == batches


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, "OTEL_BSP_MAX_QUEUE_SIZE: expected an integer from 1 to 1000000, got '0'"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "soon"}, "OTEL_BSP_SCHEDULE_DELAY: expected an integer from 1 to .*, got 'soon'"),
        ({"OTEL_BSP_EXPORT_TIMEOUT": "-1"}, "OTEL_BSP_EXPORT_TIMEOUT: expected an integer from 1 to .*, got '-1'"),
        (
            {"OTEL_BSP_MAX_QUEUE_SIZE": "9", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10"},
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE: expected an integer from 1 to 9, got '10'",
        ),
    ],
)
def test_bad_batches_of_spans_are_one_line_and_only_if_traces_are_on(variables: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^{message}$"):
        Environment({ALL: "http://all:4318", **variables}).traces_endpoint()
    assert Environment(variables).traces_endpoint() is None


def test_the_error_about_an_invalid_endpoint_names_it() -> None:
    with pytest.raises(InvalidSetting, match=f"^{TRACES}: expected http://HOST:PORT"):
        Environment({TRACES: "collector", ALL: "http://all:4318"}).traces_endpoint()


def test_a_choice_is_one_of_the_given_values() -> None:
    assert Environment({"C": "green"}).choice("C", default=Colour.RED) is Colour.GREEN
    with pytest.raises(InvalidSetting, match=r"^C: expected one of red, green, got 'Green'$"):
        Environment({"C": "Green"}).choice("C", default=Colour.RED)


@pytest.mark.parametrize("text", ["True", "1", "yes", "", "on"])
def test_a_flag_is_true_or_false_and_no_synonym(text: str) -> None:
    assert Environment({"F": "true"}).flag("F") is True
    assert Environment({"F": "false"}).flag("F") is False
    with pytest.raises(InvalidSetting, match=f"^F: expected true or false, got '{text}'$"):
        Environment({"F": text}).flag("F")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("10.0.0.1:65535", "10.0.0.1", 65535),
        ("localhost:8081", "localhost", 8081),
        ("[::1]:8081", "::1", 8081),
        ("::1:8081", "::1", 8081),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert address(text) == (host, port)


@pytest.mark.parametrize(
    "text", ["", "8081", ":8081", "host:", "host:0", "host:65536", "host:http", "host:-1", "host:\u00b2", "host: 80"]
)
def test_the_error_about_an_invalid_address_is_one_line_with_a_valid_one(text: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        address(text)
    assert str(caught.value) == f"A: expected HOST:PORT such as 127.0.0.1:8081, got {text!r}"


@pytest.fixture
def topology(tmp_path: Path) -> Callable[[str | bytes], Environment]:
    """The environment of a process of us-iowa with this content in its topology file."""

    def environment(content: str | bytes) -> Environment:
        path = tmp_path / "topology.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Environment({"CROSSHOOK_TOPOLOGY": str(path), "CROSSHOOK_REGION": "us-iowa"})

    return environment


def test_a_process_has_a_place_in_a_topology(topology: Callable[[str], Environment]) -> None:
    regions, here = topology(TOPOLOGY).place()
    assert here == "us-iowa"
    assert list(regions.regions) == ["us-iowa", "europe-belgium"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "CROSSHOOK_TOPOLOGY: expected the path of a topology file, but it is not set"),
        ({"CROSSHOOK_TOPOLOGY": ""}, "CROSSHOOK_TOPOLOGY: expected the path of a topology file, got ''"),
        (
            {"CROSSHOOK_TOPOLOGY": "topology.toml"},
            "CROSSHOOK_REGION: expected the name of a region of the topology file, but it is not set",
        ),
        (
            {"CROSSHOOK_TOPOLOGY": "topology.toml", "CROSSHOOK_REGION": ""},
            "CROSSHOOK_REGION: expected the name of a region of the topology file, got ''",
        ),
    ],
)
def test_without_a_region_the_error_names_the_missing_setting(variables: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Environment(variables).place()
    assert str(caught.value) == message


def test_the_error_about_a_missing_topology_file_is_one_line(tmp_path: Path) -> None:
    variables = {"CROSSHOOK_REGION": "us-iowa"}
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(InvalidSetting, match=r"^CROSSHOOK_TOPOLOGY: expected a file that can be read \(") as caught:
            Environment({**variables, "CROSSHOOK_TOPOLOGY": str(path)}).place()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"regions = [",
        b"",
        b"regions = 5",
        b"[regions]",
        b"[regions.mars]\nnats = ['nats://x:1']",
        b"[regions.us-iowa]\nnats = []",
        b"[regions.us-iowa]\nnats = ['nats://x:1']",
        TOPOLOGY.encode() + b"colour = 'red'",
        TOPOLOGY.encode() + b"state = 'gone'",
        TOPOLOGY.encode() + b"replicas = 2",
        TOPOLOGY.encode() + b"[regions.Mars]\nnats = ['nats://x:1']",
        b'x = "a\nb"',
    ],
)
def test_the_error_about_a_bad_topology_is_one_line_that_names_the_setting(
    topology: Callable[[bytes], Environment], content: bytes
) -> None:
    with pytest.raises(InvalidSetting, match=r"^CROSSHOOK_TOPOLOGY: expected ") as caught:
        topology(content).place()
    assert "\n" not in str(caught.value)


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 32 + "\n")
    assert Environment({"S_FILE": str(tmp_path / "key")}).secret("S") == "k" * 32
    assert Environment({"S_FILE": ""}).secret("S") == ""


def test_a_secret_in_two_places_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 32)
    with pytest.raises(InvalidSetting, match=r"^S_FILE: expected nothing where S is set"):
        Environment({"S": "s" * 32, "S_FILE": str(tmp_path / "key")}).secret("S")


def test_the_error_about_a_secrets_file_is_one_line_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("too short")
    with pytest.raises(InvalidSetting, match=r"^S: expected 32 to 256 printable ASCII characters") as caught:
        Environment({"S_FILE": str(tmp_path / "key")}).secret("S")
    assert "short" not in str(caught.value)
    with pytest.raises(InvalidSetting, match=r"^S_FILE: expected a file that can be read"):
        Environment({"S_FILE": str(tmp_path / "none")}).secret("S")
