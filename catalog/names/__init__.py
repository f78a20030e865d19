"""What columns are called in the exports of shop systems, and what that says of them."""

from typing import Literal

from catalog.names.columns import is_code, is_picture, known, pick
from catalog.names.hidden import is_hidden
from catalog.names.plain import plain_name

Role = Literal["wish", "fact", "stock", "hidden", "text"]
"""What a column is for: something that shoppers ask for, a plain fact, whether a product can be sold, something that is
not public, or running text."""

__all__ = ["Role", "is_code", "is_hidden", "is_picture", "known", "pick", "plain_name"]
