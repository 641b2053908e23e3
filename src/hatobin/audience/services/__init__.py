"""Use cases of the audience: uploads, imports, lists and the people on them."""
