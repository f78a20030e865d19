"""The model card: what a bundle was made from, how good it was found to be and by which protocol, and where it ends."""

from __future__ import annotations

from collections.abc import Sequence

from models.bundle.manifest import Metric
from models.evaluation.tables import metrics_table
from models.training.config import TrainConfig
from models.training.inputs import Source, WeightSource
from models.training.model import RetrievalModel

_KINDS = {
    "products": (
        "product photographs with titles and attributes in the layout of the public *Fashion Product Images* data set "
        "(licence of the photographs unknown upstream; they are not part of this bundle)"
    ),
    "garments": "garments drawn by `models/datasets/garments` from their attributes",
    "catalog": "a shop's own catalogue",
    "fashioniq": "FashionIQ's training split, with people's relative captions",
    "shoes": "the training split of Shoes, with people's relative captions",
}


def model_card(
    config: TrainConfig, version: str, model: RetrievalModel, metrics: Sequence[Metric], trained_on: Sequence[str]
) -> str:
    """The text of ``MODEL_CARD.md``, all figures from ``metrics``."""
    images = model.images
    composer = sum(weight.numel() for weight in model.composer.parameters())
    towers = model.backbone.clip
    vision = sum(weight.numel() for weight in towers.visual.parameters())
    text = sum(weight.numel() for weight in towers.text.parameters())
    head = 0 if model.attributes is None else sum(weight.numel() for weight in model.attributes.parameters())
    guess = 0 if model.expectation is None else sum(weight.numel() for weight in model.expectation.parameters())
    if config.backbone.text is not None:
        words = f"vocabulary and weights of {config.backbone.text.source} ({config.backbone.text.licence})"
    elif config.backbone.vocabulary:
        words = "a vocabulary trained on these sources"
    else:
        words = f"CLIP's vocabulary, weights {_source_of(config.backbone.pretrained)}"
    vision_weights = config.backbone.vision
    size = f"{images.width}x{images.height} pixels"
    began = f", from {_source_of(vision_weights)} ({vision_weights.licence})" if vision_weights else ""
    sources = "\n".join(
        f"- **{source.name}**: {_KINDS[source.kind]}. {counts}."
        for source, counts in zip(config.sources, trained_on, strict=True)
    )
    limits = "\n".join(f"- {limit}" for limit in _limits(config, model))
    measured = [source for source in config.sources if source.validation_share]
    return f"""# {config.name} {version}

Composed retrieval of fashion products: a picture and a modification in words become one vector of {model.backbone.dim}
dimensions, which finds the products that fit both.

| part | what | parameters |
| --- | --- | ---: |
| vision tower | `{config.backbone.name}`, pictures of {size}{began} | {vision / 1e6:.2f} M |
| text tower | {model.text_settings.length} tokens, {words} | {text / 1e6:.2f} M |
| composer | `{model.composer_name}` | {composer / 1e6:.2f} M |
| attribute head | {len(model.words)} words | {head / 1e6:.2f} M |
| expectation | {"which of the words an answer has" if guess else "none"} | {guess / 1e6:.2f} M |

{_STORED[config.backbone.weights]}

## Data

{sources}

Products are held out by title group (the same title once its colour words are removed) and by photograph, never by
row. Modifications are worded by `models/datasets/wording` from differences of attributes and titles; nobody annotated
any.

## Figures

Recall in per cent on held-out products: nothing of these title groups was trained on. The gallery is everything held
out of a source; the reference is taken out of it; every equally right product counts as right. Each question that can
be asked comes once, so that most have one or two answers among thousands; *drawn by pairs*, it comes as often as there
are products that answer it. Text only and image only use the same towers; the weighted sum has the weight that is best
on these very queries, which favours it. Of each query's first ten results, asked@10 is the share that carries what was
asked, and kept@10 the share that keeps what was not; fit@10 is the share of those products that do both and could
stand there, ten at most, that does stand there.
{_EXPECTING if guess else ""}
{metrics_table(metrics)}

Made by `modiste models evaluate runs/{config.name}`, which measures on {_names(measured)}; `modiste models evaluate
BUNDLE --config CONFIG` measures the exported bundle in the same way, where the same data is at hand. These are
*products, attribute edits*: wordings come from the same grammar as in training, and no figure here is one of FashionIQ
or CIRR.

## Limits

{limits}
"""


_EXPECTING = """
`composer` ranks by pictures alone. `composer, product` and `composer, upload` are what the service does where a
catalogue has attributes and titles: what these say of a product counts with its picture, so that products come first
which are said to have what is expected of the answer (`models/bundle/expected_words.py`). The gallery's words are the
catalogue's in both, and they are also what *asked*, *kept* and right answers are judged by: a catalogue that says
nothing gets the figures of `composer`. The reference's words are the catalogue's where it is a product of the shop; an
upload's are recognised by its picture and by the products that look like it.
"""

_STORED = {
    "float16": "Weights are stored as float16 and computed with as float32.",
    "int8": "Weights were rounded to 255 steps a channel, those of the towers before the composer was trained, and are "
    "stored as int8 with a scale for each channel; what is small, and what the composer adapts of the text tower, as "
    "float16. Graphs in fp32 compute with all of them as float32; a bundle may bring others along.",
}


def _limits(config: TrainConfig, model: RetrievalModel) -> list[str]:
    images = model.images
    limits = [
        f"It looks at {images.width}x{images.height} pixels; details that such a picture does not show (fabric, small "
        "prints, stitching) cannot be asked for.",
        "Recall counts the first right product alone. What follows it on a page is of the kind less often, most of all "
        "where the catalogue has few products that fit.",
        "It was not examined for how it treats people who appear in photographs; it is meant to find garments, not "
        "people.",
    ]
    if not model.words:
        limits.append("It has no attribute head, so shoppers cannot `prefer` or `avoid` words.")
    if config.backbone.vocabulary:
        limits.insert(0, "It knows the language and the words of its training data; others come out as noise.")
    if any(source.kind == "products" for source in config.sources):
        limits += [
            "The photographs show products on a light background, mostly whole. In training some were put before "
            "backdrops made of other pictures."
            + ("" if config.photographs else " How well a person's own snapshot is understood was not measured."),
            "Colours are the labels of that data set, about 96% right by eye; a garment of several colours has one.",
        ]
    return limits


def _source_of(weights: str | WeightSource | None) -> str:
    return weights.source if isinstance(weights, WeightSource) else str(weights)


def _names(sources: Sequence[Source]) -> str:
    return " and ".join(source.name for source in sources) or "nothing"
