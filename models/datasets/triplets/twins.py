"""Products that are right targets as well, because they share the title or the photograph of a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from catalog import Product


class Twins:
    """Products with the same title or the same photograph."""

    def __init__(self, products: Sequence[Product], photographs: Mapping[str, object] | None) -> None:
        self.titles = [" ".join(product.title.lower().split()) for product in products]
        self.photographs = [photographs.get(product.id) if photographs else None for product in products]
        self.by_title = _shared(self.titles)
        self.by_photograph = _shared(self.photographs)

    def targets(self, reference: int, rows: Iterable[int]) -> list[int]:
        """``rows`` and their twins, in order, without the reference and products with its photograph.

        Twins by the reference's own title are not added, because the title does not contain the change.
        """
        found = set(rows)
        titles = {self.titles[row] for row in found} - {self.titles[reference]}
        photographs = {self.photographs[row] for row in found}
        for title in titles:
            found.update(self.by_title.get(title, ()))
        for photograph in photographs:
            found.update(self.by_photograph.get(photograph, ()))
        found.discard(reference)
        found.difference_update(self.by_photograph.get(self.photographs[reference], ()))
        return sorted(found)


def _shared(keys: Sequence[object]) -> dict[object, list[int]]:
    """Rows by key, for non-empty keys with more than one row."""
    rows: dict[object, list[int]] = {}
    for row, key in enumerate(keys):
        if key:
            rows.setdefault(key, []).append(row)
    return {key: found for key, found in rows.items() if len(found) > 1}
