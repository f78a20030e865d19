"""The model card of a bundle: its training data, figures with protocols, and limits."""

from __future__ import annotations

from collections.abc import Sequence

from models.bundle.manifest import Metric
from models.evaluation.tables import metrics_table
from models.export.origin import origin_of
from models.training.config import TrainConfig
from models.training.inputs import Source, WeightSource
from models.training.model import RetrievalModel

_KINDS = {
    "products": (
        "product photographs with titles and attributes in the layout of the public *Fashion Product Images* dataset "
        "(licence of the photographs unknown upstream; they are not part of this bundle)"
    ),
    "garments": "garments drawn from attributes by `models/datasets/garments`",
    "catalog": "a shop's own catalogue",
    "fashioniq": "FashionIQ's training split, with relative captions written by annotators",
    "shoes": "the training split of Shoes, with relative captions written by annotators",
}

_PHOTOGRAPHS = {
    "photos": "photographs of garments that people sent in, held out by sender",
    "street": "garments in street photographs with pixel labels, held out by photograph",
}


def model_card(
    config: TrainConfig, version: str, model: RetrievalModel, metrics: Sequence[Metric], trained_on: Sequence[str]
) -> str:
    """The text of ``MODEL_CARD.md``, with the figures of ``metrics``."""
    images = model.images
    composer = sum(weight.numel() for weight in model.composer.parameters())
    towers = model.backbone.clip
    vision = sum(weight.numel() for weight in towers.visual.parameters())
    text = sum(weight.numel() for weight in towers.text.parameters())
    head = 0 if model.attributes is None else sum(weight.numel() for weight in model.attributes.parameters())
    guess = 0 if model.expectation is None else sum(weight.numel() for weight in model.expectation.parameters())
    origin = origin_of(config)
    began_with = f"## Origin\n\n{origin.section}\n\n" if origin else ""
    if origin is not None:
        words = f"vocabulary of {origin.name}"
    elif config.backbone.text is not None:
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
    if config.joint is not None and config.joint.photographs is not None:
        sources += "".join(f"\n- **{source.name}**: {_PHOTOGRAPHS[source.kind]}." for source in config.photographs)
    limits = "\n".join(f"- {limit}" for limit in _limits(config, model))
    measured = [source for source in config.sources if source.validation_share]
    return f"""# {config.name} {version}

Composed retrieval of fashion products: a picture and a modification in words are encoded as one vector of
{model.backbone.dim} dimensions, which is compared with the vectors of products.

| part | description | parameters |
| --- | --- | ---: |
| vision tower | `{config.backbone.name}`, pictures of {size}{began} | {vision / 1e6:.2f} M |
| text tower | {model.text_settings.length} tokens, {words} | {text / 1e6:.2f} M |
| composer | `{model.composer_name}` | {composer / 1e6:.2f} M |
| attribute head | {len(model.words)} words | {head / 1e6:.2f} M |
| expected words | {"predicts the words of an answer" if guess else "none"} | {guess / 1e6:.2f} M |

{_STORED[config.backbone.weights]}

{began_with}## Data

{sources}

Products are held out by title group (equal titles without colour words) and by photograph. Modifications are generated
by `models/datasets/wording` from differences of attributes and titles, without annotation.

## Figures

Recall in per cent on held-out products, whose title groups were not trained on. The gallery is all held-out products of
a source without the reference, and all right answers count. Each possible query occurs once, so most have one or two
right targets among thousands of products; with *drawn by pairs*, a query occurs once per right target. Image only and
text only use the same towers; the weighted sum has the weight that is best on these queries, which favours it. Of the
first ten results of each query, asked@10 is the share with the requested values, and kept@10 the share that keeps
everything else; fit@10 is the number of results that do both, divided by the maximum possible.
{_OF_PHOTOGRAPHS if config.photographs else ""}{_EXPECTING if guess else ""}
{metrics_table(metrics)}

Measured by `modiste models evaluate runs/{config.name}` on {_names(measured)}. `modiste models evaluate BUNDLE --config
CONFIG` measures the exported bundle in the same way, if the data is available. The queries are attribute edits with the
same generated wording as in training; the figures cannot be compared with those on FashionIQ or CIRR.

## Limits

{limits}
"""


_OF_PHOTOGRAPHS = """
For people's photographs, whose garments are not in the gallery, kind@10, colour@10 and both@10 are the shares of the
first ten results with a right type, with the requested colour, and with both; means over the labels.
"""

_EXPECTING = """
`composer` ranks by pictures alone. `composer, product` and `composer, upload` are the rankings of the service for a
catalogue with attributes and titles: products rank higher if the catalogue states the words that are expected of the
answer (`models/bundle/expected_words.py`). The words of the gallery are the catalogue's, which also determine *asked*,
*kept* and right answers; for a catalogue without words, the figures are those of `composer`. The words of a product as
the reference are the catalogue's; those of an upload are estimated from its picture and from similar products.
"""

_STORED = {
    "float16": "Weights are stored as float16; computations are in float32.",
    "int8": "Weights were rounded to 255 steps per channel, those of the towers before the composer was trained. They "
    "are stored as int8 with a scale for each channel; small tensors and the composer's adaptation of the text tower "
    "are stored as float16. Graphs in fp32 compute in float32; a bundle may contain graphs in other precisions.",
}


def _limits(config: TrainConfig, model: RetrievalModel) -> list[str]:
    images = model.images
    limits = [
        f"Pictures have {images.width}x{images.height} pixels; modifications about smaller details (fabric, small "
        "prints, stitching) have no effect.",
        "Recall counts the first right product alone. Further results have the requested properties less often, "
        "especially if the catalogue has few such products.",
        "It was not evaluated on its treatment of people in photographs; it is meant to find garments, not people.",
    ]
    if not model.words:
        limits.append("It has no attribute head, so `prefer` and `avoid` cannot be used.")
    if config.backbone.vocabulary:
        limits.insert(0, "It supports the language and the words of its training data only.")
    if any(source.kind == "products" for source in config.sources):
        limits += [
            "The photographs show mostly whole products on a light background. In training, some got backdrops made of "
            "other pictures." + ("" if config.photographs else " Results for snapshots were not measured."),
            "Colours are the labels of that dataset, about 96% correct by eye; garments of several colours have one "
            "label.",
        ]
    return limits


def _source_of(weights: str | WeightSource | None) -> str:
    return weights.source if isinstance(weights, WeightSource) else str(weights)


def _names(sources: Sequence[Source]) -> str:
    return " and ".join(source.name for source in sources) or "nothing"
