"""Progress of a backup or a restore, one bar for each kind of thing."""

from rich.progress import Progress, TaskID

from placet.operations.backup.create import Progress as Told


def bars(bar: Progress) -> Told:
    """A bar is made when its kind is first told of."""
    tasks: dict[str, TaskID] = {}

    def told(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what)
        bar.update(tasks[what], completed=done, total=of)

    return told
