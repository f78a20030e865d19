"""The error types of all packages. They are defined in the lowest one, ``catalog``."""

from catalog.errors import MissingExtra, ModisteError

__all__ = ["MissingExtra", "ModisteError"]
