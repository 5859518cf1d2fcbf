"""What is done stays done: one row for each hand-in, written before anything else.

The result is stored first and marked as merged after the gradebook has it. Whatever
is killed in between, a second start finds either nothing (and grades), or a result
that was not merged (and merges it; merging twice changes nothing).
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from rnncourse.grading import faults
from rnncourse.grading.result import Result

_TABLES = """
create table if not exists facts (name text primary key, value text not null);
create table if not exists results (
    key text not null,
    student text not null,
    result text not null,
    primary key (key, student)
);
create table if not exists merged (student text primary key, key text not null);
"""


class Journal:
    """The journal of one assignment's results.

    Parameters
    ----------
    path : Path
        A file; made where there is none. Only its owner can read it, since it holds
        the secret that inputs are drawn from.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.execute("pragma journal_mode=wal")
        # A process that is killed loses nothing by it; a power cut at most the last
        # results, which are then graded again.
        self._db.execute("pragma synchronous=normal")
        faults.at("journal made")
        self._db.executescript(_TABLES)

    @property
    def secret(self) -> bytes:
        """The run's secret: made once, then the same."""
        made = secrets.token_hex(32)
        self._db.execute("insert or ignore into facts values ('secret', ?)", (made,))
        row = self._db.execute("select value from facts where name = 'secret'")
        return bytes.fromhex(row.fetchone()[0])

    def find(self, key: str, student: str) -> tuple[Result, bool] | None:
        """Give a result and whether it was merged; None if there is none."""
        row = self._db.execute(
            "select result, exists(select 1 from merged where merged.student = "
            "results.student and merged.key = results.key) from results "
            "where key = ? and student = ?",
            (key, student),
        ).fetchone()
        return None if row is None else (Result.from_json(row[0]), bool(row[1]))

    def store(self, key: str, result: Result) -> None:
        """Store a result, not merged yet."""
        faults.at("journal store")
        self._db.execute(
            "insert or replace into results values (?, ?, ?)",
            (key, result.student, result.to_json()),
        )
        faults.at("journal stored")

    def merged(self) -> list[Result]:
        """Give what the gradebook has, by student."""
        rows = self._db.execute(
            "select result from results join merged on merged.student = "
            "results.student and merged.key = results.key order by results.student"
        )
        return [Result.from_json(row[0]) for row in rows]

    def replace(self, key: str, result: Result, *, merged: bool) -> None:
        """Store a result in the place of an earlier one, and whether it is merged."""
        marks = (result.student, key)
        self._db.execute("begin immediate")
        self.store(key, result)
        self._db.execute("delete from merged where student = ?", marks[:1])
        if merged:
            self._db.execute("insert into merged values (?, ?)", marks)
        self._db.execute("commit")

    def take_secret(self, secret: bytes) -> None:
        """Draw the inputs of another run."""
        made = secret.hex()
        self._db.execute("insert or replace into facts values ('secret', ?)", (made,))

    def mark_merged(self, keys: Sequence[tuple[str, str]]) -> None:
        """Say that the gradebook has some results.

        Parameters
        ----------
        keys : sequence of (str, str)
            Student and key of each.
        """
        faults.at("journal merged")
        with self._db:
            self._db.execute("begin")
            self._db.executemany("insert or replace into merged values (?, ?)", keys)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
