import pytest

from deploy.local.processes.nats_servers import processors_of


@pytest.mark.parametrize(
    ("servers", "processors", "each"), [(1, 2, 2), (3, 2, 1), (10, 2, 1), (3, 16, 5), (9, 16, 1), (1, 1, 1)]
)
def test_the_servers_on_a_machine_share_its_processors(servers: int, processors: int, each: int) -> None:
    assert processors_of(servers, processors=processors) == each
