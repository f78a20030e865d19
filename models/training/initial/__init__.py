"""What a run begins with: the weights of another run or of a bundle, and teachers to follow."""
