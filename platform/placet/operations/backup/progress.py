"""Progress of a backup or a restore, one bar per kind of item."""

from rich.progress import Progress, TaskID

from placet.operations.backup.create import Progress as ProgressCallback


def bars(bar: Progress) -> ProgressCallback:
    """Each bar is added when its kind is first reported."""
    tasks: dict[str, TaskID] = {}

    def report(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what)
        bar.update(tasks[what], completed=done, total=of)

    return report
