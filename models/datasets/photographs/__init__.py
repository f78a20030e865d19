"""Photographs of garments taken by people, labelled by kind. They are not known to show any product of a shop."""
