"""Letters: the five steps from people to result."""
