"""Tests that need torch: networks, training, evaluation and export. Everything outside this folder runs without it."""
