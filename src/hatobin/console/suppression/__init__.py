"""The do-not-mail list on screen."""
