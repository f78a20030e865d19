from pathlib import Path

import pytest
import yaml

from catalog.errors import ModisteError
from models.training.config import CONFIGS, TrainConfig, config_of_bundle, read_config

BASE = """
name: base
backbone: {name: modiste-small, vocabulary: 600}
sources: [{name: shop, kind: garments, count: 200}, {name: other, kind: garments, count: 300}]
joint: {epochs: 2, batch: 8, lr: 0.001, attributes: {least: 60, weight: 0.5}}
compose: {composer: combiner, options: {projection: 32}, steps: 9, batch: 16, lr: 0.01}
"""


def extending(folder: Path, text: str, base: str = BASE) -> TrainConfig:
    (folder / "base.yaml").write_text(base)
    (folder / "own.yaml").write_text(f"extends: base.yaml\n{text}")
    return read_config(folder / "own.yaml")


def test_a_section_is_merged_with_that_of_the_config_it_extends(tmp_path: Path) -> None:
    config = extending(tmp_path, "name: own\ncompose: {lr: 0.5}")
    base = read_config(tmp_path / "base.yaml")
    assert base.compose is not None
    assert config == base.model_copy(update={"name": "own", "compose": base.compose.model_copy(update={"lr": 0.5})})


def test_values_below_a_section_are_replaced_as_a_whole(tmp_path: Path) -> None:
    config = extending(tmp_path, "name: own\nsources: [{name: mine, kind: garments}]\njoint: {attributes: {least: 7}}")
    assert [source.name for source in config.sources] == ["mine"]
    assert config.joint is not None
    assert config.joint.epochs == 2
    assert config.joint.attributes is not None
    assert (config.joint.attributes.least, config.joint.attributes.weight) == (7, 1.0)


def test_a_stage_is_left_out_by_null(tmp_path: Path) -> None:
    assert extending(tmp_path, "name: own\njoint: null").joint is None


def test_another_composer_does_not_inherit_the_options_and_the_same_one_does(tmp_path: Path) -> None:
    other = extending(tmp_path, "name: own\ncompose: {composer: sum}").compose
    same = extending(tmp_path, "name: own\ncompose: {composer: combiner}").compose
    assert other is not None
    assert same is not None
    assert (other.options, other.steps) == ({}, 9)
    assert same.options == {"projection": 32}


def test_a_name_is_not_inherited_so_that_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="name: Field required"):
        extending(tmp_path, "seed: 4")


def test_a_chain_of_extensions_is_followed_and_overrides_come_last(tmp_path: Path) -> None:
    extending(tmp_path, "name: own\nseed: 4")
    (tmp_path / "third.yaml").write_text("extends: own.yaml\nname: third\ncompose: {batch: 99}")
    config = read_config(tmp_path / "third.yaml", {"compose.steps": "5"})
    assert config.compose is not None
    assert (config.seed, config.compose.batch, config.compose.steps, config.compose.lr) == (4, 99, 5, 0.01)


def test_a_config_may_extend_a_shipped_config(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: modiste-base\nname: mine")
    shipped = read_config(Path("modiste-base"))
    assert read_config(tmp_path / "mine.yaml") == shipped.model_copy(update={"name": "mine"})


def test_a_circle_of_extensions_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="extends itself"):
        extending(tmp_path, "name: own", base="extends: own.yaml\nname: base")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: nowhere\nname: own", "There is no config"),
        ("extends: [modiste-base]\nname: own", "is not a config"),
        ("- a list", "is not a config"),
        ("name: [own", "is not YAML"),
    ],
)
def test_a_file_that_makes_no_config_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(ModisteError, match=said):
        read_config(tmp_path / "own.yaml")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_config_has_the_name_of_its_file(path: Path) -> None:
    config = read_config(Path(path.stem))
    assert config.name == path.stem
    assert TrainConfig.model_validate(yaml.safe_load(yaml.safe_dump(config.model_dump(mode="json")))) == config


@pytest.mark.parametrize("teacher", ["[]", "null"])
def test_a_config_of_an_earlier_run_without_a_teacher_is_read(tmp_path: Path, teacher: str) -> None:
    joint = extending(tmp_path, f"name: own\njoint: {{teacher: {teacher}, teacher_weight: 1, average: 0.998}}").joint
    assert joint is not None
    assert joint.average == 0.998


def test_a_bundle_is_measured_with_the_config_of_its_name_or_the_one_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: modiste-base\nname: mine")
    assert config_of_bundle("modiste-base", None) == read_config(Path("modiste-base"))
    assert config_of_bundle("modiste-base", str(tmp_path / "mine.yaml")).name == "mine"
    with pytest.raises(ModisteError, match="has the name of the bundle, mine") as refused:
        config_of_bundle("mine", None)
    assert "--config" in str(refused.value.hint)
