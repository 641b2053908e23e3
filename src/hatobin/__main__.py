"""``python -m hatobin`` is the ``hatobin`` command."""

from hatobin.config.entry import main

if __name__ == "__main__":
    main()
