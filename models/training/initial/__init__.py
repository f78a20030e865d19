"""The start of a run: weights of another run or of a bundle."""
