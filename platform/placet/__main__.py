"""`python -m placet <command>`: how the supervisor starts its children with the interpreter it runs under."""

from placet.cli.main import main

if __name__ == "__main__":
    main()
