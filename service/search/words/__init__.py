"""Words in a search: stated in the request, understood from its text, and expected of its answer."""
