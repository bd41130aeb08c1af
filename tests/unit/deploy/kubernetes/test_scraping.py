"""Prometheus finds every service and replicator, and gives them the labels that the rules use."""

import msgspec

from tests.rules import ROOT
from tests.unit.deploy.kubernetes.rendered import KUBERNETES, WORKLOADS, Manifests, labels_of, selects


class Selector(msgspec.Struct):
    """Selects pods."""

    role: str
    label: str

    @property
    def labels(self) -> dict[str, str]:
        return dict(one.split("=") for one in self.label.split(","))


class Discovery(msgspec.Struct):
    """How Prometheus finds pods."""

    role: str
    selectors: list[Selector]


class Relabelling(msgspec.Struct):
    """How labels of a pod become labels of a target."""

    source_labels: list[str]
    regex: str = ""
    action: str = "replace"
    target_label: str = ""


class Job(msgspec.Struct):
    """Targets with the same configuration."""

    job_name: str
    kubernetes_sd_configs: list[Discovery]
    relabel_configs: list[Relabelling]


class Configuration(msgspec.Struct):
    """The parts of Prometheus's configuration that these tests read."""

    scrape_configs: list[Job]


OURS = ROOT / "deploy" / "prometheus" / "prometheus.yml"


def jobs() -> dict[str, Job]:
    """Role → its job."""
    found = msgspec.yaml.decode((KUBERNETES / "prometheus.yml").read_bytes(), type=Configuration).scrape_configs
    return {job.job_name.removeprefix("crosshook-"): job for job in found}


def test_jobs_have_the_names_that_the_rules_use() -> None:
    others = msgspec.yaml.decode(OURS.read_bytes())["scrape_configs"]
    assert [job.job_name for job in jobs().values()] == [job["job_name"] for job in others]


def test_each_job_selects_the_pods_of_the_role_in_its_name(manifests: Manifests) -> None:
    for role, job in jobs().items():
        (discovery,) = job.kubernetes_sd_configs
        (selector,) = discovery.selectors
        assert discovery.role == selector.role == "pod"
        assert [other for other in WORKLOADS if selects(selector.labels, labels_of(manifests.pod(other)))] == [role]


def test_only_the_port_with_metrics_is_scraped(manifests: Manifests) -> None:
    for role, job in jobs().items():
        (kept,) = (one.regex for one in job.relabel_configs if "container_port_name" in one.source_labels[0])
        assert [port["name"] for port in manifests.container(role)["ports"]] == [kept]


def test_the_region_comes_from_the_label_of_the_pod(manifests: Manifests) -> None:
    for role, job in jobs().items():
        (source,) = (one.source_labels for one in job.relabel_configs if one.target_label == "region")
        assert source == ["__meta_kubernetes_pod_label_crosshook_region"]
        assert "crosshook/region" in labels_of(manifests.pod(role))
