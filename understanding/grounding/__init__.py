"""The values of one shop's catalogue, and how well its products satisfy a wish."""
