"""``bundle.json`` is accepted only if it is complete, consistent and matches the files beside it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from models.bundle import BundleError, BundleManifest
from models.bundle.checksums import file_digest
from models.bundle.manifest import MANIFEST_NAME, REVISION, Metric, read_manifest, verify_files, write_manifest
from tests.toy_bundle import write_toy_bundle


@pytest.fixture
def folder(toy_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(toy_folder, tmp_path / "toy"))


def change(folder: Path, edit: Callable[[Any], object]) -> None:
    """Edit ``bundle.json`` as a hand with a text editor would."""
    raw = json.loads((folder / MANIFEST_NAME).read_text())
    edit(raw)
    (folder / MANIFEST_NAME).write_text(json.dumps(raw))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as refused:
        verify_files(folder, read_manifest(folder))
    assert refused.value.hint
    return refused.value.message


def test_what_is_written_is_read_again(folder: Path) -> None:
    manifest = read_manifest(folder)
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest
    verify_files(folder, manifest)


def test_a_folder_without_a_manifest_is_not_a_bundle(tmp_path: Path) -> None:
    assert "is not a bundle" in refusal(tmp_path)
    assert "is not a bundle" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("garbage", [b"", b"\0\xff\xfe", b"{", b"[" * 100_000, b'{"dim": ' + b"9" * 5000 + b"}"])
def test_garbage_is_refused_as_no_json(folder: Path, garbage: bytes) -> None:
    (folder / MANIFEST_NAME).write_bytes(garbage)
    assert "is not JSON" in refusal(folder)


@pytest.mark.parametrize("content", ["null", "[]", "7", "{}", '{"format": 2}', '{"format": "1"}', '{"format": null}'])
def test_another_format_is_refused_before_anything_else(folder: Path, content: str) -> None:
    (folder / MANIFEST_NAME).write_text(content)
    assert "this version reads format 1" in refusal(folder)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda raw: raw.pop("dim"), "dim"),
        (lambda raw: raw.update(dim="wide"), "dim"),
        (lambda raw: raw.update(dim=0), "dim"),
        (lambda raw: raw.update(surprise=1), "surprise"),
        (lambda raw: raw["text"].update(length=2), "text.length"),
        (lambda raw: raw["images"].update(height=0), "images.height"),
        (lambda raw: raw["images"].update(pad_ratio=0.5), "images.pad_ratio"),
        (lambda raw: raw.update(revision=-1), "revision"),
        (lambda raw: raw["files"]["tokenizer.json"].update(sha256="F" * 64), "files.tokenizer.json.sha256"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(folder: Path, edit: Callable[[Any], object], named: str) -> None:
    change(folder, edit)
    assert f"is not a valid manifest: {named}:" in refusal(folder)


def add_unknown_fields(raw: Any) -> None:
    raw.update(surprise=1)
    raw["images"].update(surprise=1)
    raw["graphs"]["vision"].update(surprise=1)


def test_unknown_fields_of_a_newer_revision_are_ignored(folder: Path) -> None:
    known = read_manifest(folder)
    change(folder, lambda raw: raw.update(revision=REVISION + 1))
    change(folder, add_unknown_fields)
    newer = read_manifest(folder)
    verify_files(folder, newer)
    assert newer == known.model_copy(update={"revision": REVISION + 1})
    assert newer.fingerprint == known.fingerprint


def test_unknown_fields_of_a_known_revision_are_refused(folder: Path) -> None:
    change(folder, lambda raw: raw.update(revision=REVISION))
    change(folder, add_unknown_fields)
    assert "surprise" in refusal(folder)


def test_a_newer_revision_is_written_again_as_the_known_one(folder: Path) -> None:
    change(folder, lambda raw: raw.update(revision=REVISION + 1, surprise=1))
    write_manifest(folder, read_manifest(folder))
    assert read_manifest(folder).revision == REVISION


def test_a_newer_format_is_refused_whatever_its_revision(folder: Path) -> None:
    change(folder, lambda raw: raw.update(format=2, revision=REVISION + 1))
    assert "this version reads format 1" in refusal(folder)


def test_a_manifest_of_revision_0_can_be_read_by_releases_without_revisions(folder: Path) -> None:
    write_manifest(folder, read_manifest(folder))
    assert ("revision" in json.loads((folder / MANIFEST_NAME).read_text())) == (REVISION > 0)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda raw: raw["graphs"].pop("text"), "there is no graph text"),
        (lambda raw: raw["graphs"]["text"].update(file="else.onnx"), "else.onnx has no checksum"),
        (lambda raw: raw["graphs"]["text"].update(file="../text.onnx"), "../text.onnx has no checksum"),
        (lambda raw: raw["files"].pop("tokenizer.json"), "tokenizer.json has no checksum"),
        (lambda raw: raw.update(dim=49), "the graph vision should give embedding float32 [batch, 49]"),
        (lambda raw: raw["images"].update(width=33), "the graph vision should take pixels uint8 [batch, 32, 33, 3]"),
        (lambda raw: raw["text"].update(length=17), "the graph query should take"),
        (lambda raw: raw.update(attributes=["red"]), "attributes float32 [batch, 1]"),
        (
            lambda raw: raw["graphs"]["query"]["inputs"]["features"].update(dtype="float16"),
            "the graph query should take",
        ),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(folder: Path, edit: Callable[[Any], object], named: str) -> None:
    change(folder, edit)
    assert named in refusal(folder)


@pytest.mark.parametrize(
    "edit",
    [
        lambda query: query["inputs"].pop("shown"),
        lambda query: query["inputs"]["shown"].update(shape=["batch", 4]),
        lambda query: query["outputs"]["expected"].update(shape=["batch", 6]),
    ],
)
def test_expected_words_require_an_input_for_the_words_of_the_reference(
    tmp_path: Path, edit: Callable[[Any], object]
) -> None:
    folder = write_toy_bundle(tmp_path / "expecting", expects=True)
    assert read_manifest(folder).expects
    change(folder, lambda raw: edit(raw["graphs"]["query"]))
    assert re.search(r"the graph query should (take|give) .* float32 \[batch, 5\]", refusal(folder))


@pytest.mark.parametrize(
    "name", ["../toy/text.onnx", "/etc/passwd", "sub/text.onnx", "sub\\text.onnx", "..", ".", "", "a\0b", MANIFEST_NAME]
)
def test_a_file_outside_the_bundle_cannot_be_named(folder: Path, name: str) -> None:
    change(folder, lambda raw: raw["files"].update({name: raw["files"]["text.onnx"]}))
    assert "is not the name of a file in the bundle's own folder" in refusal(folder)


@pytest.mark.parametrize("name", ["vision.onnx", "query.onnx", "text.onnx", "tokenizer.json"])
def test_one_flipped_bit_in_any_file_is_found(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert f"{name} differs from its checksum" in refusal(folder)


def test_a_shortened_file_is_found(folder: Path) -> None:
    content = (folder / "vision.onnx").read_bytes()
    (folder / "vision.onnx").write_bytes(content[:-1])
    assert "differs from its checksum" in refusal(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "query.onnx").unlink()
    assert "lacks query.onnx" in refusal(folder)


def test_a_folder_in_the_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "query.onnx").unlink()
    (folder / "query.onnx").mkdir()
    assert "query.onnx cannot be read" in refusal(folder)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_file_that_never_ends_is_refused(folder: Path, kind: str) -> None:
    path = folder / "tokenizer.json"
    path.unlink()
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(BundleError, match="Not a regular file"):
        verify_files(folder, read_manifest(folder))


def test_a_digest_is_the_checksum_that_everyone_computes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    digest = file_digest(tmp_path / "abc")
    assert digest.size == 3
    assert digest.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_fingerprint_moves_with_everything_that_moves_a_vector(folder: Path) -> None:
    manifest = read_manifest(folder)
    moved = [
        manifest.model_copy(update={"images": manifest.images.model_copy(update={"fill": 7})}),
        manifest.model_copy(update={"text": manifest.text.model_copy(update={"pad_id": 7})}),
        manifest.model_copy(update={"files": {**manifest.files, "text.onnx": manifest.files["query.onnx"]}}),
    ]
    assert len({manifest.fingerprint, *(other.fingerprint for other in moved)}) == 4


def test_the_fingerprint_stays_when_only_prose_and_figures_change(folder: Path) -> None:
    manifest = read_manifest(folder)
    metric = Metric(protocol="p", edit="any", method="composed", gallery=1, queries=1, values={"R@1": 1.0})
    card = manifest.files["text.onnx"]
    described = manifest.model_copy(update={"metrics": (metric,), "files": {**manifest.files, "MODEL_CARD.md": card}})
    assert described.fingerprint == manifest.fingerprint


def test_a_manifest_cannot_be_changed_in_passing(folder: Path) -> None:
    manifest: BundleManifest = read_manifest(folder)
    with pytest.raises(ValidationError, match="frozen"):
        manifest.dim = 7
