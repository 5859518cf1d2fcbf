"""``python -m rnncourse``: the same as the command ``rnncourse``."""

from rnncourse.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
