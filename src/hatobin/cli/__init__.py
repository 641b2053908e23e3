"""Door: operators, the `hatobin` command."""
