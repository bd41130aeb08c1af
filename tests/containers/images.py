"""The images that the tests of containers run: ours, or others of the same repositories on an engine that has not ours.

An engine without a registry has only images that were built or loaded there, maybe of another version.
"""

import functools
import os
import subprocess
from collections.abc import Mapping

from deploy.images import IMAGES, Image


@functools.cache
def images_here() -> Mapping[str, str]:
    """Variable of Compose -> the image to run."""
    return {image.variable: os.environ.get(image.variable) or _here(image) for image in IMAGES}


def image_here(variable: str) -> str:
    """The image that this variable of Compose names here."""
    return images_here()[variable]


def _here(image: Image) -> str:
    """The image itself if the engine has it or has no other of its repository: it is fetched then."""
    command = ("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", image.name)
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return image.reference  # Each test says that it needs an engine.
    tagged = [name for name in listed.split() if not name.endswith(":<none>")]
    return image.reference if image.reference in tagged or not tagged else tagged[0]
