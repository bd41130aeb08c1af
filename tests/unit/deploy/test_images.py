"""No image of ours is past its support when a version is released, and one table has all of them."""

import re
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from deploy import images
from deploy.images import IMAGES, LOOKED_UP, SOON_DAYS, Image, main, past_support, state
from tests.documents import DOCS, ROOT

COMPOSE = [ROOT / "docker-compose.yml", ROOT / "deploy" / "nats" / "three.yml"]
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").rglob("*.yaml"))
OURS = "crosshook"
TEXT = (DOCS / "operations" / "containers.md").read_text()
BY_VARIABLE = {image.variable: image.reference for image in IMAGES}


def released() -> date:
    """The date of the newest release in the changelog."""
    found = re.search(r"^## \[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert found is not None
    return date.fromisoformat(found[1])


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_an_image_is_supported_on_the_date_of_the_newest_release(image: Image) -> None:
    """The date of this test does not count, so that a test does not begin to fail by itself."""
    assert image.supported_until >= released(), f"{image.reference}: see docs/operations/containers.md#other-images"


def test_the_table_was_looked_up_for_the_newest_release() -> None:
    assert released() <= LOOKED_UP


def test_compose_runs_the_images_of_the_table_and_a_variable_names_another_of_each() -> None:
    used = [found for path in COMPOSE for found in re.findall(r"\$\{(\w+):-([^}]+:[^}]+)\}", path.read_text())]
    assert dict(used) == BY_VARIABLE
    assert all(BY_VARIABLE[variable] == image for variable, image in used)
    named = {found for path in COMPOSE for found in re.findall(r"^ *image: (.+)$", path.read_text(), re.MULTILINE)}
    assert all(image.startswith("${") for image in named), "each can be replaced"


def test_the_manifests_run_the_images_of_the_table() -> None:
    used = {found for path in MANIFESTS for found in re.findall(r"^ *image: (.+)$", path.read_text(), re.MULTILINE)}
    assert used - {OURS} == {BY_VARIABLE["NATS_IMAGE"], BY_VARIABLE["REDIS_IMAGE"]}


def test_our_image_is_built_from_the_base_of_the_table() -> None:
    assert f"ARG BASE={BY_VARIABLE['CROSSHOOK_BASE']}\n" in (ROOT / "Dockerfile").read_text()


def test_the_document_has_the_table() -> None:
    rows = re.findall(
        r"^\| `(\S+)` \| `(\S+)` \| (about )?(\S+) \| <https://(\S+)> \|$",
        TEXT,
        re.MULTILINE,
    )
    assert dict(re.findall(r"(\w+_(?:IMAGE|BASE))=(\S+:[^\s;]+)", TEXT)) == BY_VARIABLE, "the lines that pin digests"
    assert rows == [
        (image.reference, image.variable, "about " * image.is_estimate, str(image.supported_until), image.source)
        for image in IMAGES
    ]


def test_an_image_is_to_be_replaced_before_its_support_ends() -> None:
    image = Image("redis", "8", "REDIS_IMAGE", date(2027, 7, 29), "example.com")
    last, day = image.supported_until, timedelta(days=1)
    assert state(image, last - (SOON_DAYS + 1) * day) == "supported until 2027-07-29"
    assert state(image, last) == "supported until 2027-07-29: replace it soon"
    assert state(image, last + day) == "past its support since 2027-07-29: replace it"
    assert state(image._replace(is_estimate=True), last + day).startswith("past its support since about 2027-07-29")


def test_an_image_is_past_its_support_from_the_day_after_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    first = min(IMAGES, key=lambda image: image.supported_until)
    assert past_support(first.supported_until) == []
    assert past_support(first.supported_until + timedelta(days=1)) == [first.reference]
    for supported_until, code in ((date.max, 0), (date.min, 1)):
        monkeypatch.setattr(images, "IMAGES", (first._replace(supported_until=supported_until),))
        shown = CliRunner().invoke(main)
        assert shown.exit_code == code
        assert shown.output.startswith(first.reference)
