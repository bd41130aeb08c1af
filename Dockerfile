# crosshook: one image for the service, the replicator and their tools.
#
#   docker build -t crosshook .
#   docker run crosshook              the service: python -m service
#   docker run crosshook replicator   the replicator
#
# Everything in it but the base is pinned by hash. `--build-arg BASE=python:3.13-slim@sha256:...` pins that one too.

ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /build
# Files that seldom change come first. Neither environment has a pip of its own: the base's pip fills both.
COPY deploy/docker/requirements.lock deploy/docker/build.lock ./
RUN python -m venv --without-pip /opt/crosshook \
 && python -m venv --without-pip /opt/build \
 && python -m pip --python /opt/crosshook/bin/python install --no-cache-dir --require-hashes -r requirements.lock \
 && python -m pip --python /opt/build/bin/python install --no-cache-dir --require-hashes -r build.lock
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY adapters adapters
COPY runtime runtime
COPY service service
COPY replicator replicator
COPY deploy deploy
COPY cli cli
RUN python -m pip --python /opt/build/bin/python wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir . . \
 && python -m pip --python /opt/crosshook/bin/python install --no-cache-dir --no-deps ./crosshook-*.whl

FROM ${BASE}
COPY --from=build /opt/crosshook /opt/crosshook
# Python files are compiled here and nothing is written later. Imports come from the installation, not from the directory.
ENV PATH=/opt/crosshook/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    CROSSHOOK_LISTEN=[::]:8080
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=60s --retries=3 CMD ["python", "-m", "runtime.probe"]
ENTRYPOINT ["python", "-m"]
CMD ["service"]
