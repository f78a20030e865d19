import pytest
from typer.testing import CliRunner

from models.cli import app
from models.networks.composers.registry import COMPOSERS
from models.training.inventory import Entry, inventory, inventory_table


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.name: entry for entry in inventory()}


def test_every_registered_composer_is_listed_with_its_origin(entries: dict[str, Entry]) -> None:
    assert list(entries) == list(COMPOSERS)
    assert "Vo et al., CVPR 2019" in entries["tirg"].origin
    assert "WACV 2021" in entries["composeae"].origin
    assert all(entry.origin for entry in entries.values())


def test_parameters_are_those_of_the_options_in_the_shipped_config(entries: dict[str, Entry]) -> None:
    dim, projection, hidden = 256, 512, 512
    projections = 2 * (dim * projection + projection)
    vector = 2 * projection * hidden + hidden + hidden * dim + dim
    balance = 2 * projection * hidden + hidden + hidden + 1
    assert entries["combiner"].parameters == projections + vector + balance
    assert entries["sum"].parameters == 0


def test_a_composer_names_the_configs_that_train_it(entries: dict[str, Entry]) -> None:
    assert "modiste-base" in entries["combiner"].configs
    assert entries["tirg"].configs == ("tirg",)
    assert entries["composeae"].configs == ("composeae",)


def test_the_table_has_a_line_for_each_and_its_columns_stand_under_each_other(entries: dict[str, Entry]) -> None:
    head, rule, *lines = inventory_table(list(entries.values())).splitlines()
    assert len(lines) == len(entries)
    at = head.index("description")
    assert rule[at - 2 : at] == "  "
    assert all(line[at:] == entry.origin for line, entry in zip(lines, entries.values(), strict=True))


def test_the_command_prints_the_table_and_the_next_step(entries: dict[str, Entry]) -> None:
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 0, result.output
    assert inventory_table(list(entries.values())) in result.output
    assert "modiste models train" in result.output
