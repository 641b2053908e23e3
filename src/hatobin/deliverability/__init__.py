"""Domain health: what receivers find in the DNS about those in whose name letters come."""
