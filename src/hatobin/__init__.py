"""Hatobin (鳩便): one letter, one envelope, one person."""

__version__ = "0.1.0"
