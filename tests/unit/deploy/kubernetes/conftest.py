"""The example region of the repository."""

import pytest

from tests.unit.deploy.kubernetes.rendered import REGION, Manifests, render


@pytest.fixture(scope="session")
def manifests() -> Manifests:
    return render(REGION)
