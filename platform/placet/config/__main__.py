"""`python -m placet.config <command>`: how the supervisor starts its children with the interpreter it runs under."""

from placet.config.cli import main

if __name__ == "__main__":
    main()
