"""Known column names of shop systems' exports, and their meaning."""

from typing import Literal

Role = Literal["wish", "fact", "stock", "hidden", "text"]
"""The role of a column: an attribute that shoppers ask for, a fact, availability, hidden data, or running text."""
