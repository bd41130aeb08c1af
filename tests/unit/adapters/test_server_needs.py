import pytest

from adapters.server_needs import complaint_about


@pytest.mark.parametrize("version", ["2.12.0", "2.12.0-RC.1", "2.15.1", "v2.20.0", "3.0.0", "2.100.0-dev"])
def test_a_server_with_conditional_batches_is_accepted(version: str) -> None:
    assert complaint_about(version) == ""


@pytest.mark.parametrize("version", ["2.11.11", "2.9.25", "1.99.0", "0.0.0-unknown"])
def test_the_complaint_about_an_older_server_names_both_versions(version: str) -> None:
    assert complaint_about(version) == f"NATS 2.12 or newer is needed, this is {version}"


@pytest.mark.parametrize("version", ["", "new"])
def test_a_server_without_a_version_is_refused(version: str) -> None:
    assert complaint_about(version).startswith("NATS 2.12 or newer is needed")
