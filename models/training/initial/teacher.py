"""Teachers of stage 0: finished runs from which a run learns by distillation."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from catalog.errors import ModisteError
from models.training.model import RetrievalModel
from models.training.run import Run


def load_teacher(folder: Path, student: RetrievalModel, *, first: bool) -> RetrievalModel:
    """Load the model of a finished run and check that ``student`` can learn from it.

    Teacher and student must have the same preprocessing of pictures and, if the teacher has attribute words, the same
    words. The student shares the embedding space of the ``first`` teacher, which must also have the same tokenizer,
    text tower and width of embeddings.

    Raises:
        ModisteError: The folder is not a finished run, or one of these differs.
    """
    run = Run(folder)
    teacher = run.model()
    same = {
        "preprocessing of pictures": teacher.images == student.images,
        "list of attribute words": teacher.words in ((), student.words),
    }
    if first:
        same |= {
            "tokenizer": json.loads(run.tokenizer.read_bytes()) == json.loads(student.tokenizer.path.read_bytes()),
            "width of embeddings (embed_dim)": teacher.backbone.dim == student.backbone.dim,
            "text tower (text_cfg)": _shapes(teacher.backbone.clip.text) == _shapes(student.backbone.clip.text),
        }
    for what, equal in same.items():
        if not equal:
            raise ModisteError(
                f"The teacher {folder} has a different {what}.",
                hint="Use the teacher's `backbone` section with a network that differs in its `vision_cfg` alone, the "
                "same sources, and no `start`, so that tokenizer and words come from the teacher.",
            )
    return teacher


def _shapes(network: torch.nn.Module) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in network.state_dict().items()}
