# Two targets: `cpu` (default) and `gpu`. Both run `modiste` as an unprivileged user, without torch.
#   docker build --target cpu -t modiste .        docker build --target gpu -t modiste:gpu .
# Dependencies come from requirements/*.txt, with hashes. `.ci/image` runs the steps of `cpu` without an engine.

FROM python:3.13-slim-bookworm AS source
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY catalog catalog
COPY models models
COPY indexer indexer
COPY service service
COPY understanding understanding

FROM python:3.13-slim-bookworm AS build-cpu
WORKDIR /source
COPY requirements/serve.txt requirements/
RUN python -m venv /opt/modiste && /opt/modiste/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/serve.txt
COPY --from=source /source ./
RUN /opt/modiste/bin/pip install --no-cache-dir --no-deps . && /opt/modiste/bin/pip check

# onnxruntime-gpu needs CUDA 13 and cuDNN 9, which the base image contains. The wheel of faiss-gpu contains the CUDA 12
# libraries that it was linked to.
FROM nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04 AS gpu-base
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv curl && rm -rf /var/lib/apt/lists/*

FROM gpu-base AS build-gpu
WORKDIR /source
COPY requirements/gpu.txt requirements/
RUN python3 -m venv /opt/modiste && /opt/modiste/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/gpu.txt
COPY --from=source /source ./
RUN /opt/modiste/bin/pip install --no-cache-dir --no-deps . && /opt/modiste/bin/pip check

FROM gpu-base AS gpu
RUN useradd --uid 10001 --create-home modiste && mkdir -p /data/index /data/keys && chown -R modiste /data
COPY --from=build-gpu /opt/modiste /opt/modiste
ENV PATH=/opt/modiste/bin:$PATH PYTHONUNBUFFERED=1 MODISTE_HOST=0.0.0.0 MODISTE_PORT=8000 MODISTE_INDEX_ROOT=/data/index
USER modiste
WORKDIR /home/modiste
VOLUME /data/index
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["modiste", "serve"]

FROM python:3.13-slim-bookworm AS cpu
RUN useradd --uid 10001 --create-home modiste && mkdir -p /data/index /data/keys && chown -R modiste /data
COPY --from=build-cpu /opt/modiste /opt/modiste
ENV PATH=/opt/modiste/bin:$PATH PYTHONUNBUFFERED=1 MODISTE_HOST=0.0.0.0 MODISTE_PORT=8000 MODISTE_INDEX_ROOT=/data/index
USER modiste
WORKDIR /home/modiste
VOLUME /data/index
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["modiste", "serve"]
