"""The base class of pydantic models: of settings, manifests, requests and responses."""

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """A model that is immutable and forbids unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
