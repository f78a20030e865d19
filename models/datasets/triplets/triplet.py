"""The contract of every dataset: a reference, a modification, and all the targets that are equally right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from catalog import Product
from models.datasets.wording import Edit
from models.errors import ModisteError


@dataclass(frozen=True, slots=True)
class Triplet:
    """One composed query with its answer.

    Attributes:
        reference: Id of the product or picture that the shopper starts from.
        modification: What should be different, in words.
        targets: Ids of every equally right answer; at least one, and never the reference.
        edit: Name of the kind of edit, such as ``"colour"`` or ``"colour+gender"``; reports group by it.
        captions: The separate sentences of an annotated dataset with several captions a triplet, in the order of
            its file; ``modification`` is then how the dataset joins them. Empty elsewhere.
        asked: The changes of attributes that the modification puts into words, where the dataset knows them.

    Raises:
        ModisteError: Without a target, or with the reference among the targets.
    """

    reference: str
    modification: str
    targets: tuple[str, ...]
    edit: str
    captions: tuple[str, ...] = ()
    asked: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        if not self.targets:
            raise ModisteError(
                f"The triplet of reference {self.reference!r} has no target.", hint="Give at least one target id."
            )
        if self.reference in self.targets:
            raise ModisteError(
                f"Reference {self.reference!r} is among its own targets.", hint="Take it out of the targets."
            )


@dataclass(frozen=True, slots=True)
class TripletDataset:
    """One split of one dataset: its queries, and the gallery in which their targets are searched.

    Attributes:
        name: Dataset and split, such as ``"fashioniq/dress/val"``; results are reported under it.
        gallery: Ids of all candidates, without repetition, in the order of the dataset's own file.
        triplets: The queries. References may be outside the gallery, targets may not.
        image_of: Gives the encoded picture (JPEG, PNG or WebP bytes) of an id; a ModisteError if it has none.
        products: The products of the gallery in its order, where the dataset has their attributes; else empty.
        judged: The attributes by which an answer is judged to have kept what was not asked.

    Raises:
        ModisteError: When a gallery id is repeated, or a target is not in the gallery.
    """

    name: str
    gallery: tuple[str, ...]
    triplets: tuple[Triplet, ...]
    image_of: Callable[[str], bytes]
    products: tuple[Product, ...] = ()
    judged: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = set(self.gallery)
        if len(known) != len(self.gallery):
            raise ModisteError(f"The gallery of {self.name} repeats an id.", hint="List every candidate once.")
        for triplet in self.triplets:
            for target in triplet.targets:
                if target not in known:
                    raise ModisteError(
                        f"Target {target!r} of reference {triplet.reference!r} is not in the gallery of {self.name}.",
                        hint="Use the gallery that belongs to these triplets, or leave the triplet out.",
                    )
