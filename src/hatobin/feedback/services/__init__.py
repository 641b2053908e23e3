"""Use cases of feedback, one module per kind of answer that comes back."""
