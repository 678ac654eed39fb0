"""Whether every projection is what the log gives, without changing a row."""

from placet.config.management.commands.rebuild import Command as Rebuild


class Command(Rebuild):
    help = "Compare projections with their replay from the log, and change nothing"
    keep = False
