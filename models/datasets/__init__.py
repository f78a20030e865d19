"""Datasets: what products, references, modifications and targets there are to learn from and to measure on."""
