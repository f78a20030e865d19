"""The words of a search: stated in the request, parsed from its text, and expected of its answer."""
