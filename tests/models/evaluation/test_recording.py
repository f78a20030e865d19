from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.bundle.checksums import file_digest
from models.bundle.manifest import Metric, read_manifest, verify_files, write_manifest
from models.evaluation.recording import record
from models.evaluation.tables import metrics_table
from tests.toy_bundle import write_toy_bundle


def metric(edit: str, method: str, both: float, protocol: str = "wishes: held-out products") -> Metric:
    values = {"asked@10": 100.0, "both@10": both}
    return Metric(protocol=protocol, edit=edit, method=method, gallery=6053, queries=12, values=values)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = write_toy_bundle(tmp_path / "bundle")
    (folder / "MODEL_CARD.md").write_text("# toy\n\n## Figures\n\nNone.\n\n## Limits\n\n- Small.\n")
    manifest = read_manifest(folder)
    files = {**manifest.files, "MODEL_CARD.md": file_digest(folder / "MODEL_CARD.md")}
    write_manifest(folder, manifest.model_copy(update={"files": files, "metrics": (metric("a", "b", 1, "other"),)}))
    return folder


def test_figures_are_added_to_a_bundle_whose_index_stays_valid(bundle: Path) -> None:
    before = read_manifest(bundle)
    record(bundle, [metric("brands", "search", 93.0), metric("brands", "image only", 12.0)])
    after = read_manifest(bundle)
    assert after.fingerprint == before.fingerprint
    assert [one.protocol for one in after.metrics] == [
        "other",
        "wishes: held-out products",
        "wishes: held-out products",
    ]
    verify_files(bundle, after)
    card = (bundle / "MODEL_CARD.md").read_text()
    assert "| brands | 12 | 93.0 | 12.0 |" in card
    assert card.index("## Figures of wishes") < card.index("## Limits")


def test_figures_that_are_measured_again_replace_the_earlier_ones(bundle: Path) -> None:
    record(bundle, [metric("brands", "search", 93.0)])
    record(bundle, [metric("brands", "search", 95.0)])
    card = (bundle / "MODEL_CARD.md").read_text()
    assert "93.0" not in card
    assert card.count("## Figures of wishes") == 1
    assert card.endswith("## Limits\n\n- Small.\n")
    assert [one.values["both@10"] for one in read_manifest(bundle).metrics[1:]] == [95.0]


def test_the_table_of_the_export_leaves_a_recorded_protocol_to_its_section(bundle: Path) -> None:
    manifest, card = read_manifest(bundle), bundle / "MODEL_CARD.md"
    photos = metric("all labels", "upload", 70.0, "photos")
    exported = (manifest.metrics[0], photos.model_copy(update={"values": {"kind@10": 71.0}}))
    card.write_text(card.read_text().replace("None.", metrics_table(exported)))
    files = {**manifest.files, "MODEL_CARD.md": file_digest(card)}
    write_manifest(bundle, manifest.model_copy(update={"files": files, "metrics": exported}))
    record(bundle, [photos])
    assert "71.0" not in card.read_text()
    assert "kind@10" not in card.read_text()
    assert metrics_table(manifest.metrics) in card.read_text()
    assert card.read_text().count("## Figures of photos") == 1


def test_a_bundle_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="MODEL_CARD"):
        record(write_toy_bundle(tmp_path / "bundle"), [metric("brands", "search", 93.0)])
