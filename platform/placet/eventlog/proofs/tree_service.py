"""Tree service: appends events to the tree by position and signs tree heads. Survives kills and a second instance.

It never contradicts an earlier head: if the log no longer gives the root of one, no head is signed, and
`placet transparency-log audit` says why.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from placet.eventlog.proofs.append_tree import AppendTree, FullTile
from placet.eventlog.proofs.head_file import load_head, write_head
from placet.eventlog.proofs.signed_note import InvalidNote, Signer
from placet.eventlog.proofs.tiles import nodes_from
from placet.eventlog.proofs.tree import root
from placet.eventlog.proofs.tree_head import TreeHead
from placet.eventlog.proofs.tree_store import (
    Connection,
    SignedHead,
    leaf_hashes,
    newest_head,
    publish_newest,
    read_tile,
    store_head,
    store_tiles,
    stored_tree,
)

logger = logging.getLogger(__name__)
LOCK_KEY: Final = 0x74726565
"""'tree' in ASCII."""
MAX_BATCH: Final = 2_000
REST_SECONDS: Final = 0.25
PUBLISH_EVERY_SECONDS: Final = 60.0
KEEP_SECONDS: Final = 3_600.0
"""How long an unpublished head is kept."""
HISTORY_CHANGED_PAUSE_SECONDS: Final = 5.0
REWRITTEN: Final = "the log was rewritten: its first {} events do not have the root that was signed"
TRUNCATED: Final = "the log was truncated: a head over {} events was signed, {} are here"


class HistoryChanged(RuntimeError):
    """The log contradicts a tree head signed before. Nothing was signed. See `placet transparency-log audit`."""


class TreeService:
    """Needs its own autocommit connection. `path`: file of the newest head; None for no file."""

    def __init__(self, connection: Connection, signer: Signer, path: Path | None = None) -> None:
        self.connection = connection
        self.signer = signer
        self.path = path
        self._tree: AppendTree | None = None
        self._pins: dict[int, bytes] = {}
        self._newest: TreeHead | None = None
        self._published_at = -PUBLISH_EVERY_SECONDS

    def run_once(self) -> int:
        """Do one pass. Returns how many leaves were added. Raises `HistoryChanged`."""
        tree, self._tree = self._tree or self._stored(), None
        before = tree.size
        with self.connection.transaction():
            if self._try_lock():
                self._pin_newest(tree)
                self._grow(tree)
                if tree.size - before < MAX_BATCH:
                    self._sign(tree)
        self._tree = tree
        return tree.size - before

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Do passes until stopped."""
        while not should_stop():
            try:
                added = self.run_once()
            except (HistoryChanged, InvalidNote):
                logger.exception("no tree head is signed")
                _pause(HISTORY_CHANGED_PAUSE_SECONDS, should_stop)
            else:
                time.sleep(0 if added == MAX_BATCH else REST_SECONDS)

    def _stored(self) -> AppendTree:
        tree, self._pins = stored_tree(self.connection), {}
        saved = load_head(self.path) if self.path else None
        if saved and saved.origin == self.signer.name:
            self._pin(saved, tree)
        return tree

    def _try_lock(self) -> bool:
        row = self.connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK_KEY,)).fetchone()
        return bool(row and row[0])

    def _pin_newest(self, tree: AppendTree) -> None:
        newest = newest_head(self.connection)
        self._newest = newest.head if newest else None
        if self._newest:
            self._pin(self._newest, tree)

    def _pin(self, head: TreeHead, tree: AppendTree) -> None:
        """Check a signed head now, or when the tree has grown to its size."""
        if head.size >= tree.size:
            self._pins[head.size] = head.root
        elif root(nodes_from(partial(read_tile, self.connection), head.size), head.size) != head.root:
            raise HistoryChanged(REWRITTEN.format(head.size))

    def _grow(self, tree: AppendTree) -> None:
        tiles: list[FullTile] = []
        self._check(tree)
        for leaf in leaf_hashes(self.connection, tree.size, MAX_BATCH):
            tiles += tree.append(leaf)
            self._check(tree)
        store_tiles(self.connection, tiles)

    def _check(self, tree: AppendTree) -> None:
        pinned = self._pins.pop(tree.size, None)
        if pinned is not None and pinned != tree.root:
            raise HistoryChanged(REWRITTEN.format(tree.size))

    def _sign(self, tree: AppendTree) -> None:
        if missing := max((size for size in self._pins if size > tree.size), default=0):
            raise HistoryChanged(TRUNCATED.format(missing, tree.size))
        head, newest = TreeHead(self.signer.name, tree.size, tree.root), self._newest
        if tree.size and (newest is None or (newest.origin, newest.size) != (head.origin, head.size)):
            note = head.signed(self.signer)
            if self.path:
                write_head(self.path, note)
            store_head(self.connection, SignedHead(head, note))
        self._publish()

    def _publish(self) -> None:
        if time.monotonic() - self._published_at >= PUBLISH_EVERY_SECONDS:
            publish_newest(self.connection, KEEP_SECONDS)
            self._published_at = time.monotonic()


def _pause(seconds: float, should_stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not should_stop():
        time.sleep(REST_SECONDS)
