"""Known column names of shop systems' exports, and their meaning."""

from typing import Literal

from catalog.names.columns import is_code, is_picture, known, pick
from catalog.names.hidden import is_hidden
from catalog.names.plain import plain_name

Role = Literal["wish", "fact", "stock", "hidden", "text"]
"""The role of a column: an attribute that shoppers ask for, a fact, availability, hidden data, or running text."""

__all__ = ["Role", "is_code", "is_hidden", "is_picture", "known", "pick", "plain_name"]
