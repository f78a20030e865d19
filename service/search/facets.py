"""What a catalogue can be filtered by: its attributes with their commonest values."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc

from indexer.generation import Generation
from service.search.answers import ChoiceFilter, NumberFilter, ValueCount

MOST_VALUES = 50


Facets = dict[str, ChoiceFilter | NumberFilter]

# Counting reads every column; a generation never changes, and is forgotten here when it is closed.
_counted_before: WeakKeyDictionary[Generation, Facets] = WeakKeyDictionary()


def catalog_filters(generation: Generation) -> Facets:
    """The filters of every attribute that some product has a value of; counted once for a generation."""
    facets = _counted_before.get(generation)
    if facets is None:
        facets = _counted_before[generation] = _facets(generation)
    return facets


def _facets(generation: Generation) -> Facets:
    facets: Facets = {}
    for name, kind in generation.columns.items():
        values = generation.column(name)
        if kind == "list":
            values = values.flatten()
        if values.null_count == len(values):
            continue
        if kind == "number":
            ends = pc.min_max(values).as_py()
            facets[name] = NumberFilter(kind="number", min=ends["min"], max=ends["max"])
        else:
            facets[name] = ChoiceFilter(kind=kind, values=_counted(values))
    return facets


def _counted(values: pa.Array) -> list[ValueCount]:
    """The commonest values, equal counts in alphabetical order."""
    counted = [(entry["values"], entry["counts"]) for entry in pc.value_counts(values.drop_null()).to_pylist()]
    counted.sort(key=lambda pair: (-pair[1], str(pair[0])))
    return [ValueCount(value=value, count=count) for value, count in counted[:MOST_VALUES]]
