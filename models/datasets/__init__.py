"""Datasets for training and evaluation: products, and triplets of reference, modification and targets."""
