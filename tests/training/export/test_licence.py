"""The licence that a bundle's manifest names."""

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.export.from_run import _licence
from models.training.config import BackboneSettings, read_config


@pytest.mark.parametrize(("name", "pretrained"), [("ViT-B-16", "openai"), ("hf-hub:someone/something", None)])
def test_weights_of_others_require_a_stated_licence(name: str, pretrained: str | None) -> None:
    config = read_config(Path("modiste-base"))
    taken = config.model_copy(update={"backbone": BackboneSettings(name=name, pretrained=pretrained)})
    with pytest.raises(ModisteError, match="licence of the pretrained weights") as caught:
        _licence(taken, None)
    assert "--licence" in (caught.value.hint or "")
    assert _licence(taken, "MIT") == "MIT"
    assert _licence(config, None) == "Apache-2.0"
