"""The volumes that Prometheus and Grafana read. The image fills them, so the checkout's permissions do not matter."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.docker.layout import Users
from deploy.files import Volume

_DEPLOY = Path(__file__).parents[1]


def monitoring_volumes(users: Users) -> Mapping[str, Volume]:
    """Name -> volume, for the volumes that do not depend on the regions."""
    prometheus, grafana = _DEPLOY / "prometheus", _DEPLOY / "grafana"
    return {
        "prometheus": Volume(
            owner=users.prometheus,
            files={
                "prometheus.yml": (prometheus / "prometheus.yml").read_text(encoding="utf-8"),
                **_texts(prometheus, (prometheus / "rules").glob("*.yml")),
                **_texts(_DEPLOY / "docker", (_DEPLOY / "docker" / "targets").glob("*.json")),
            },
        ),
        "grafana": Volume(
            owner=users.grafana,
            files={
                **_texts(grafana, (grafana / "provisioning").glob("*/*.yml")),
                **_texts(grafana, (grafana / "dashboards").glob("*.json")),
            },
        ),
    }


def _texts(directory: Path, paths: Iterable[Path]) -> Mapping[str, str]:
    """Path in `directory` -> content, for each file."""
    return {str(path.relative_to(directory)): path.read_text(encoding="utf-8") for path in sorted(paths)}
