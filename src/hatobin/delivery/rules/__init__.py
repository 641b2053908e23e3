"""Pure rules of delivery: states and moves, what a reply means, the last-byte check, the seal."""
