"""Prometheus finds every service and replicator, and gives them the labels that the rules go by."""

import msgspec

from tests.rules import ROOT
from tests.unit.deploy.kubernetes.rendered import KUBERNETES, WORKLOADS, Manifests, labels_of, selects


class Selector(msgspec.Struct):
    """Which pods are looked for."""

    role: str
    label: str

    @property
    def labels(self) -> dict[str, str]:
        return dict(one.split("=") for one in self.label.split(","))


class Discovery(msgspec.Struct):
    """What is looked for."""

    role: str
    selectors: list[Selector]


class Relabelling(msgspec.Struct):
    """What becomes of what is known of a pod."""

    source_labels: list[str]
    regex: str = ""
    action: str = "replace"
    target_label: str = ""


class Job(msgspec.Struct):
    """What is scraped alike."""

    job_name: str
    kubernetes_sd_configs: list[Discovery]
    relabel_configs: list[Relabelling]


class Configuration(msgspec.Struct):
    """Of Prometheus's, what is looked at here."""

    scrape_configs: list[Job]


OURS = ROOT / "deploy" / "prometheus" / "prometheus.yml"


def jobs() -> dict[str, Job]:
    """By the role that each is of."""
    found = msgspec.yaml.decode((KUBERNETES / "prometheus.yml").read_bytes(), type=Configuration).scrape_configs
    return {job.job_name.removeprefix("crosshook-"): job for job in found}


def test_jobs_are_called_what_the_rules_call_them() -> None:
    others = msgspec.yaml.decode(OURS.read_bytes())["scrape_configs"]
    assert [job.job_name for job in jobs().values()] == [job["job_name"] for job in others]


def test_each_job_is_of_the_pods_that_it_is_called_after(manifests: Manifests) -> None:
    for role, job in jobs().items():
        (discovery,) = job.kubernetes_sd_configs
        (selector,) = discovery.selectors
        assert discovery.role == selector.role == "pod"
        assert [other for other in WORKLOADS if selects(selector.labels, labels_of(manifests.pod(other)))] == [role]


def test_the_port_that_is_kept_is_the_one_with_metrics(manifests: Manifests) -> None:
    for role, job in jobs().items():
        (kept,) = (one.regex for one in job.relabel_configs if "container_port_name" in one.source_labels[0])
        assert [port["name"] for port in manifests.container(role)["ports"]] == [kept]


def test_the_region_is_the_label_of_the_pod(manifests: Manifests) -> None:
    for role, job in jobs().items():
        (source,) = (one.source_labels for one in job.relabel_configs if one.target_label == "region")
        assert source == ["__meta_kubernetes_pod_label_crosshook_region"]
        assert "crosshook/region" in labels_of(manifests.pod(role))
