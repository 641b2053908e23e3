"""The shapes of the API, with examples: the OpenAPI file is made from them."""
