"""What the manifests in ``deploy/`` and ``docker-compose.yml`` set is read by something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from indexer.stores.qdrant import QdrantSettings
from service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
MANIFESTS = [ROOT / "docker-compose.yml", *sorted((ROOT / "deploy" / "kubernetes").rglob("*.yaml"))]
READ = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {
    f"MODISTE_QDRANT_{name.upper()}" for name in QdrantSettings.model_fields
}


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_variable_is_a_setting(path: Path) -> None:
    assert set(re.findall(r"\bMODISTE_[A-Z_]+\b", path.read_text())) <= READ


@pytest.mark.parametrize("name", ["service.yaml", "indexer.yaml"])
def test_no_pod_gets_the_address_of_the_service_modiste_as_its_port(name: str) -> None:
    # Kubernetes sets MODISTE_PORT=tcp://ADDRESS:80 for a Service called modiste.
    manifest = (ROOT / "deploy" / "kubernetes" / "base" / name).read_text()
    assert manifest.count("containers:") == manifest.count("enableServiceLinks: false") == 1


def test_a_pod_runs_as_many_processes_as_it_requests_cores() -> None:
    # Without a limit of CPUs the default would be the cores of the node, and exceed the memory.
    base = ROOT / "deploy" / "kubernetes" / "base"
    requested = re.search(r'requests: \{cpu: "(\d+)"', (base / "service.yaml").read_text())
    processes = re.search(r"- MODISTE_PROCESSES=(\d+)", (base / "kustomization.yaml").read_text())
    assert requested is not None
    assert processes is not None
    assert requested.group(1) == processes.group(1)


@pytest.mark.parametrize("overlay", ["base", "qdrant"])
def test_every_resource_of_an_overlay_exists(overlay: str) -> None:
    folder = ROOT / "deploy" / "kubernetes" / overlay
    listed = re.search(r"^resources:\n((?:  - .+\n)+)", (folder / "kustomization.yaml").read_text(), re.M)
    assert listed is not None
    resources = re.findall(r"- (\S+)", listed.group(1))
    assert all((folder / name).exists() for name in resources)


def test_qdrant_has_three_nodes_that_hold_each_part_twice() -> None:
    overlay = ROOT / "deploy" / "kubernetes" / "qdrant"
    assert "replicas: 3" in (overlay / "qdrant.yaml").read_text()
    assert "MODISTE_QDRANT_REPLICAS=2" in (overlay / "kustomization.yaml").read_text()
