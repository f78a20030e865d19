"""The commands that need torch refuse what cannot work before they start."""

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from tests.models.test_cli import run


def test_a_setting_without_an_equals_sign_is_refused() -> None:
    with pytest.raises(ModisteError, match="KEY=VALUE"):
        run("train", "modiste-base", "--set", "compose.steps")


def test_training_from_a_missing_config_lists_the_configs(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="modiste-base"):
        run("train", str(tmp_path / "none.yaml"))


def test_training_on_a_missing_catalogue_names_the_path(tmp_path: Path) -> None:
    config = tmp_path / "shop.yaml"
    config.write_text(
        "name: shop\nbackbone: {name: modiste-small, vocabulary: 600}\n"
        f"sources: [{{name: shop, kind: catalog, path: {tmp_path / 'none.csv'}}}]\n"
        "joint: {epochs: 1, batch: 8, lr: 0.001}\n"
    )
    with pytest.raises(ModisteError, match=r"none\.csv"):
        run("train", str(config), "--output", str(tmp_path / "run"))


@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_a_folder_that_is_not_a_run_is_refused(command: str, tmp_path: Path) -> None:
    output = ["--output", str(tmp_path / "bundle")] if command == "export" else []
    with pytest.raises(ModisteError, match="modiste models train"):
        run(command, str(tmp_path), *output)
