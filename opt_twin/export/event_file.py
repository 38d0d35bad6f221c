"""The event log of a run as a Parquet file, written while the run goes on.

The records are gathered in chunks, stored in a DuckDB database beside the file, and copied into the Parquet
file in the end, so that the memory needed does not grow with the run. DuckDB also reads the file:
``duckdb.sql("SELECT element, count(*) FROM 'run.parquet' WHERE kind = 'finish' GROUP BY element")``.
"""

from __future__ import annotations

import tempfile
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from opt_twin.errors import OptionError

if TYPE_CHECKING:
    import duckdb

    from opt_twin.simulation import EventRecord

__all__ = ["ParquetLog"]

_CHUNK = 16_384
_MEMORY = "64MB"
_TABLE = """
CREATE TABLE log (
    time DOUBLE, element VARCHAR, kind VARCHAR, server INTEGER, part BIGINT, product VARCHAR, "order" VARCHAR,
    state VARCHAR, duration DOUBLE, detail VARCHAR, batch BIGINT
)
"""
_INSERT = """
INSERT INTO log
SELECT time, element, kind, server, nullif(part, -1), product, "order", state,
    CASE WHEN isnan(duration) THEN NULL ELSE duration END, detail, nullif(batch, -1)
FROM chunk
"""
_NUMBERS = ("server", "part", "batch")
_FIELDS = (
    "time",
    "element",
    "kind",
    "server",
    "part",
    "product",
    "order",
    "state",
    "duration",
    "detail",
    "batch",
)
_FIELDS_OF = attrgetter(*_FIELDS)


class ParquetLog:
    """A file that takes the event log of a run, for a ``with`` block.

    The file appears, whole, when the block ends; when it ends with an error, with what came before. The
    columns are the fields of :class:`opt_twin.simulation.EventRecord`, and the rows
    stand in the order of the log.

    Parameters
    ----------
    path
        The file. Its folder also takes the working files, which are about four times as large.
    chunk
        Records that are kept in memory before they are stored.

    Attributes
    ----------
    rows
        Records taken.

    Raises
    ------
    OptionError
        If `chunk` is not 1 or more, or a record comes outside the block.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import duckdb
    >>> from opt_twin.line import Line, Sink, Source, Station, chain
    >>> from opt_twin.simulation import RunSettings, run_replication
    >>> line = Line(
    ...     name="one",
    ...     elements=(Source(name="In"), Station(name="Saw", cycle_time="5 s"), Sink(name="Out")),
    ...     connections=chain("In", "Saw", "Out"),
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = f"{folder}/run.parquet"
    ...     with ParquetLog(file) as log:
    ...         run = run_replication(line, settings=RunSettings(horizon="1 min"), log=log)
    ...     duckdb.sql(f"SELECT count(*) FROM '{file}' WHERE kind = 'exit'").fetchall()
    [(12,)]
    """

    def __init__(self, path: str | Path, *, chunk: int = _CHUNK) -> None:
        if chunk < 1:
            raise OptionError(f"a chunk of {chunk} records is none; give 1 or more")
        self._path = Path(path)
        self._chunk = chunk
        self._records: list[EventRecord] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._database: duckdb.DuckDBPyConnection | None = None
        self.rows = 0

    def __enter__(self) -> Self:
        import duckdb

        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(dir=self._path.parent, prefix=f".{self._path.name}.")
        self._database = duckdb.connect(
            str(Path(self._folder.name) / "log.duckdb"), config={"memory_limit": _MEMORY, "threads": 1}
        )
        self._database.execute(_TABLE)
        self._records, self.rows = [], 0
        return self

    def append(self, happened: EventRecord) -> None:
        """Take a record."""
        self._records.append(happened)
        if len(self._records) == self._chunk:
            self._store()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._database is not None
        assert self._folder is not None
        try:
            self._store()  # also what a run had when it ended with an error
            done = Path(self._folder.name) / "done.parquet"
            self._database.execute(
                f"COPY log TO {_quoted(done)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)"
            )
            done.replace(self._path)
        finally:
            self._database.close()
            self._database = None
            self._folder.cleanup()
            self._records = []

    def _store(self) -> None:
        """Move the records in memory into the database."""
        if self._database is None:
            raise OptionError("a ParquetLog takes records within its `with` block only")
        records, self._records = self._records, []
        if not records:
            return
        self.rows += len(records)
        self._database.register("chunk", _columns(records))
        self._database.execute(_INSERT)
        self._database.unregister("chunk")


def _columns(records: list[EventRecord]) -> dict[str, npt.NDArray[Any]]:
    """Return the records as columns: -1 for no number, not a number for no duration, None for no name."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name, values in zip(_FIELDS, zip(*map(_FIELDS_OF, records), strict=True), strict=True):
        if name == "time":
            found[name] = np.array(values)
        elif name == "duration":
            found[name] = np.array([np.nan if value is None else value for value in values])
        elif name in _NUMBERS:
            found[name] = np.array([-1 if value is None else value for value in values], dtype=np.int64)
        else:
            found[name] = np.array(values, dtype=object)
    return found


def _quoted(path: Path) -> str:
    """Return a path as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"
