"""Clock, ids, errors."""
