"""The base class of request and response models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A model that is immutable and forbids unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
