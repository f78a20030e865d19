"""What one shop can be asked for, and which of its products satisfy a wish."""
