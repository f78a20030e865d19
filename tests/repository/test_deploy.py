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
