"""Samples, generated: no binary files in the tree."""
