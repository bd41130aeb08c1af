"""docker-compose.yml matches the code, and gives each container only what it needs."""

import fnmatch
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.positions import Region
from deploy.docker.layout import DATA, FILES, NATS_VERSION, USERS, entry_of, exit_of, nats_at, redis_at, services_of
from deploy.docker.monitoring import monitoring_volumes
from deploy.docker.volumes import data_volumes

ROOT = Path(__file__).parents[3]
REGIONS = [Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")]
TEXT = (ROOT / "docker-compose.yml").read_text()
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
COMPOSE: dict[str, Any] = msgspec.yaml.decode(VARIABLE.sub(r"\2", TEXT))
"""The file with the default of every variable."""
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ROLES = ("service", "replicator")
PROCESSES = {f"{region}-{role}-{number}" for region in REGIONS for role in ROLES for number in (1, 2)}
SERVERS = {f"{region}-{server}" for region in REGIONS for server in ("nats", "redis")}
LINKS = {f"{region}-link" for region in REGIONS}
RUN_ONCE = {"init", "guide", "crosshook"}


def networks(service: str) -> set[str]:
    return set(SERVICES[service].get("networks", []))


def mounted(service: str) -> dict[str, str]:
    """Volume or path here -> path in the container, with `:ro` if it is read-only."""
    return dict(volume.split(":", 1) for volume in SERVICES[service].get("volumes", []))


def region_of(service: str) -> str:
    return next(region for region in REGIONS if service.startswith(region))


MEMORY = re.compile(r"limits: \{memory: (\d+)(M|G)i\}")


@pytest.mark.parametrize("kind", ["service", "replicator", "nats", "redis"])
def test_a_container_may_have_as_much_memory_as_the_one_of_kubernetes(kind: str) -> None:
    manifest = (ROOT / "deploy" / "kubernetes" / "base" / f"{kind}.yaml").read_text()
    (limit,) = {"".join(found).lower() for found in MEMORY.findall(manifest)}
    assert {said["mem_limit"] for name, said in SERVICES.items() if kind in name.split("-")} == {limit}


def test_redis_and_nats_know_their_limits() -> None:
    for region in REGIONS:
        assert SERVICES[f"{region}-redis"]["entrypoint"][-2:] == ["--maxmemory", "1gb"]
        assert SERVICES[f"{region}-nats"]["environment"] == {"GOMEMLIMIT": "900MiB"}


def test_the_file_has_every_service_and_no_other() -> None:
    assert set(SERVICES) == PROCESSES | SERVERS | LINKS | RUN_ONCE | {"prometheus", "grafana"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_is_locked_and_bounded(service: str) -> None:
    said = SERVICES[service]
    assert said["read_only"] is True
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert said["pids_limit"] <= 256
    assert said["mem_limit"] in ("512m", "1g", "2g")
    assert said["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
    assert said["restart"] == ("no" if service in RUN_ONCE else "unless-stopped")
    assert "privileged" not in said
    assert service == "init" or "cap_add" not in said


def test_only_init_runs_as_root() -> None:
    assert "USER 10001:10001\n" in (ROOT / "Dockerfile").read_text()
    assert USERS.crosshook == 10_001
    users = {
        "nats": f"{USERS.nats}:{USERS.nats}",
        "redis": f"{USERS.redis}:{USERS.redis}",
        "prometheus": f"{USERS.prometheus}:{USERS.prometheus}",
        "grafana": f"{USERS.grafana}:0",
    }
    for name, said in SERVICES.items():
        server = name.rpartition("-")[2]
        if name == "init":
            assert said["user"] == "0:0"
        elif server in users:
            assert said["user"] == users[server]
        else:
            assert said["image"] == "crosshook", name
            assert "user" not in said


@pytest.mark.parametrize("service", sorted(PROCESSES | SERVERS | LINKS))
def test_only_the_links_are_in_the_network_between_regions(service: str) -> None:
    here = region_of(service)
    expected = {here}
    if service in LINKS:
        expected |= {"wan"}
    if "-service-" in service:
        expected |= {f"{here}-edge"}
    assert networks(service) == expected


def test_only_prometheus_looks_into_all_regions_and_it_is_not_between_them() -> None:
    assert networks("prometheus") == {*REGIONS, "monitoring"}
    assert networks("grafana") == {"monitoring"}
    assert networks("guide") == networks("crosshook") == {"us-iowa"}
    assert SERVICES["init"]["network_mode"] == "none"


def test_the_networks_of_and_between_regions_have_no_way_out() -> None:
    internal = {"internal": True}
    unanswered = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}
    assert COMPOSE["networks"] == {
        **dict.fromkeys((*REGIONS, "wan"), internal),
        **dict.fromkeys((*(f"{region}-edge" for region in REGIONS), "monitoring"), unanswered),
    }


def test_a_container_in_several_networks_forwards_no_packets() -> None:
    for service in LINKS | {"prometheus"}:
        assert SERVICES[service]["sysctls"] == {"net.ipv4.ip_forward": 0}


def test_the_links_have_the_names_that_they_listen_at() -> None:
    for region in REGIONS:
        other = next(name for name in REGIONS if name != region)
        assert SERVICES[f"{region}-link"]["networks"] == {
            region: {"aliases": [exit_of(region, to=other, regions=REGIONS).host]},
            "wan": {"aliases": [entry_of(region).host]},
        }
        assert {nats_at(region).host, redis_at(region).host} <= set(SERVICES)


def test_every_command_names_the_regions_in_the_same_order() -> None:
    for service in LINKS | {"init"}:
        _, *regions = SERVICES[service]["command"]
        assert regions == REGIONS


def test_each_role_mounts_its_own_volume_of_files_and_no_other() -> None:
    for service in PROCESSES | SERVERS:
        role = re.sub(r"-\d$", "", service)
        files = {volume: path for volume, path in mounted(service).items() if FILES in path}
        expected = {role: f"{FILES}:ro"}
        if service.endswith("-service-2"):
            expected["admin"] = "/etc/crosshook-admin:ro"
        assert files == expected
        assert set(mounted(service)) - set(files) == ({f"{service}-data"} if service in SERVERS else set())
    assert mounted("crosshook") == {"operator": f"{FILES}:ro", "admin": "/etc/crosshook-admin:ro"}
    assert mounted("guide") == {"admin": "/etc/crosshook-admin:ro", "guide-data": DATA}
    assert not any(mounted(service) for service in LINKS)


def test_init_knows_which_services_read_a_volume_when_they_start() -> None:
    known = {volume: services for region in REGIONS for volume, services in services_of(region).items()}
    for service in PROCESSES | SERVERS:
        assert [service in known[volume] for volume, path in mounted(service).items() if path == f"{FILES}:ro"] == [
            True
        ]
    assert {service for services in known.values() for service in services} - set(SERVICES) == {
        f"{region}-nats-{server}" for region in REGIONS for server in (2, 3)
    }


def test_nothing_is_mounted_from_the_checkout_since_its_files_may_be_private() -> None:
    assert {name for service in SERVICES for name in mounted(service)} <= set(COMPOSE["volumes"])


@pytest.mark.parametrize(
    ("service", "paths"), [("prometheus", ["prometheus.yml"]), ("grafana", ["provisioning", "dashboards"])]
)
def test_prometheus_and_grafana_read_the_files_that_init_puts_into_their_volumes(
    service: str, paths: list[str]
) -> None:
    assert mounted(service)[service] == f"{FILES}:ro"
    told = [*SERVICES[service].get("command", []), *SERVICES[service].get("environment", {}).values()]
    for path in paths:
        assert any(word.endswith(f"{FILES}/{path}") for word in told)
        assert any(name.startswith(path) for name in monitoring_volumes(USERS)[service].files)


def reaches_builder(path: Path) -> bool:
    """Whether `.dockerignore` lets a file of the repository through."""
    kept = [Path(line[1:]) for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    return any(path.parent == one.parent and fnmatch.fnmatch(path.name, one.name) for one in kept)


def test_the_image_has_the_files_that_init_gives_to_prometheus_and_grafana() -> None:
    """A builder skips a directory if a pattern has a wildcard before its last part."""
    looked_for = ("prometheus/*.yml", "prometheus/rules/*", "docker/targets/*", "grafana/provisioning/*/*")
    found = [path.relative_to(ROOT) for pattern in looked_for for path in (ROOT / "deploy").glob(pattern)]
    assert len(found) >= 7
    assert [path for path in found if not reaches_builder(path)] == []


def test_init_mounts_every_volume_and_only_init_mounts_the_vault() -> None:
    filled = set(data_volumes(REGIONS)) | {
        f"{region}-{role}" for region in REGIONS for role in ("nats", "redis", "service", "replicator")
    }
    filled |= {"vault", "operator", "admin", *monitoring_volumes(USERS)}
    assert mounted("init") == {name: f"/volumes/{name}" for name in filled}
    assert set(COMPOSE["volumes"]) == filled | {"grafana-data"}
    assert [name for name in SERVICES if "vault" in mounted(name)] == ["init"]


def test_every_port_is_published_to_this_machine_only() -> None:
    published = {service: said["ports"] for service, said in SERVICES.items() if "ports" in said}
    assert published == {
        **{
            f"{region}-service-{number}": [f"127.0.0.1:80{tens}{index}:8080"]
            for index, region in enumerate(REGIONS, start=1)
            for number, tens in ((1, 8), (2, 9))
        },
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3000:3000"],
    }


def test_every_published_port_can_be_changed_and_the_guide_follows() -> None:
    ports = re.findall(r"127\.0\.0\.1:\$\{(\w+_PORT):-(\d+)\}:\d+\"", TEXT)
    assert len(dict(ports)) == len(ports) == sum(len(said.get("ports", [])) for said in SERVICES.values())
    assert set(re.findall(r"=http://127\.0\.0\.1:\$\{(\w+_PORT):-(\d+)\}", TEXT)) == {
        (f"{region.upper().replace('-', '_')}_PORT", f"808{index}") for index, region in enumerate(REGIONS, start=1)
    }


def test_every_image_has_a_version_and_the_configuration_is_for_that_nats() -> None:
    images = {said["image"] for said in SERVICES.values()} - {"crosshook"}
    assert all(re.search(r":v?\d+(\.\d+)*(-\w+)?$", image) for image in images)
    assert any(image.startswith(f"nats:{NATS_VERSION[0]}.{NATS_VERSION[1]}.") for image in images)


def test_every_server_has_a_health_check_and_waits_for_what_it_needs() -> None:
    for service in SERVERS | {"prometheus"}:
        assert SERVICES[service]["healthcheck"]["test"]
    for service in SERVERS:
        assert SERVICES[service]["healthcheck"]["start_period"] == "60s", "a large log takes time to load"
    for service in SERVERS | LINKS | {"prometheus"}:
        assert SERVICES[service]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}
    assert "HEALTHCHECK " in (ROOT / "Dockerfile").read_text()
    for service in PROCESSES:
        assert "healthcheck" not in SERVICES[service], "the image has its own check"
        needed = {name for name in SERVERS | LINKS if name.startswith(region_of(service))}
        assert SERVICES[service]["depends_on"] == {
            "init": {"condition": "service_completed_successfully"},
            **{name: {"condition": "service_healthy"} for name in needed},
        }
    for service in LINKS:
        assert SERVICES[service]["healthcheck"] == {"interval": "5s"}, (
            "the image's own check, more often because others wait for it"
        )
    assert SERVICES["guide"]["depends_on"] == {name: {"condition": "service_healthy"} for name in PROCESSES}


def test_our_image_is_never_pulled_and_its_base_is_that_of_the_dockerfile() -> None:
    ours = {service: said for service, said in SERVICES.items() if said["image"] == "crosshook"}
    assert set(ours) == PROCESSES | LINKS | RUN_ONCE
    assert {said["pull_policy"] for said in ours.values()} == {"never"}
    base = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert base is not None
    assert SERVICES["init"]["build"] == {"context": ".", "args": {"BASE": base[1]}}
    assert [service for service, said in SERVICES.items() if "build" in said] == ["init"]


def test_every_process_has_its_own_name_as_its_host_name() -> None:
    """The dashboard and `crosshook lag` name a process by its host."""
    assert {name: SERVICES[name].get("hostname") for name in PROCESSES} == {name: name for name in PROCESSES}


def test_every_command_of_a_container_knows_how_it_is_called_from_outside() -> None:
    commands = {
        name: said["environment"]["CROSSHOOK_COMMAND"]
        for name, said in SERVICES.items()
        if "CROSSHOOK_COMMAND" in said.get("environment", {})
    }
    assert commands == {
        "crosshook": "docker compose run --rm crosshook",
        **{link: f"docker compose exec {link} crosshook" for link in LINKS},
    }


def test_every_module_and_file_that_the_image_installs_reaches_the_builder() -> None:
    kept = set((ROOT / ".dockerignore").read_text().splitlines())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    modules = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    assert {f"!{path.parent.relative_to(ROOT)}/*.py" for path in modules} <= kept
    # A process also loads files that are no modules; a README of vendored files is not loaded.
    loaded = [
        path.relative_to(ROOT)
        for package in ("adapters", "core", "replicator", "runtime", "service")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".md", ".py", ".pyc"}
    ]
    assert len(loaded) > 20
    assert [path for path in loaded if not reaches_builder(path)] == []
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert copied == set(packages)


def test_prometheus_scrapes_every_process() -> None:
    targets: dict[str, tuple[str, dict[str, str]]] = {}
    for path in (ROOT / "deploy" / "docker" / "targets").iterdir():
        for group in msgspec.json.decode(path.read_bytes()):
            targets |= dict.fromkeys(group["targets"], (path.stem, group["labels"]))
    assert targets == {
        f"{process}:8080": (f"crosshook-{role}", {"region": region_of(process)})
        for process in PROCESSES
        for role in ROLES
        if f"-{role}-" in process
    }
    looked_for = re.findall(r"targets/(\S+)\.json", (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    assert set(looked_for) >= {"crosshook-service", "crosshook-replicator"}


def test_the_file_has_no_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"(?i)(password|secret|key|token)[^\s:]*: *[\"']?(?!/)[\w+/-]{16,}", text)
