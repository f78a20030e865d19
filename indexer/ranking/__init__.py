"""Products that agree with the words of a query, found without looking at all of them."""
