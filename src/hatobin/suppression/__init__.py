"""The do-not-mail ledger; it beats everything."""
