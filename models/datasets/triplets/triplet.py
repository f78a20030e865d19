"""The common form of all datasets: reference, modification, and all right targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from catalog import Product
from catalog.errors import ModisteError
from models.datasets.wording import Edit


@dataclass(frozen=True, slots=True)
class Triplet:
    """One composed query with its answer.

    Attributes:
        reference: Id of the reference product or picture.
        modification: The requested change, in words.
        targets: Ids of all right answers; at least one, and never the reference.
        edit: Kind of edit, such as ``"colour"`` or ``"colour+gender"``, by which reports group.
        captions: The separate captions of a dataset with several captions per triplet, which ``modification`` joins;
            otherwise empty.
        asked: The changes of attributes in the modification, if the dataset has them.

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
                f"Reference {self.reference!r} is among its own targets.", hint="Remove it from the targets."
            )


@dataclass(frozen=True, slots=True)
class TripletDataset:
    """One split of one dataset: its queries, and the gallery in which their targets are searched.

    Attributes:
        name: Dataset and split, such as ``"fashioniq/dress/val"``, used in reports.
        gallery: Ids of all candidates, without repetition, in the order of the dataset's own file.
        triplets: The queries. References may be outside the gallery, targets may not.
        image_of: Returns the file of the picture of an id; raises a ModisteError if there is none.
        products: The products of the gallery in its order, if the dataset has attributes; otherwise empty.
        judged: The attributes that an answer should keep unless they are changed.

    Raises:
        ModisteError: A gallery id is repeated, or a target is not in the gallery.
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
                        hint="Use the gallery of these triplets, or remove the triplet.",
                    )
