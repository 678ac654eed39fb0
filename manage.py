#!/usr/bin/env python3
"""The same commands as `placet`, from a checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))

if __name__ == "__main__":
    from placet.cli.main import main

    main()
