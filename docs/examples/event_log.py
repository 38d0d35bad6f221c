"""The event log of a run in a file, and a question to it: which machine stood still for how long."""

import tempfile
from pathlib import Path

import duckdb

import opt_twin as ot
from opt_twin.export import ParquetLog
from opt_twin.simulation import run_replication

line = ot.read_line("models/bottling.yaml")
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "run.parquet"
    with ParquetLog(file) as log:
        run_replication(line, settings=ot.RunSettings(horizon="20 min"), seed=1, log=log)
    stops = duckdb.read_parquet(str(file)).filter("state IN ('failed', 'micro_stop')")
    rows = stops.aggregate("element, count(*), avg(duration), max(duration)").order("element").fetchall()
print(f"{log.rows} records")
for element, count, mean, longest in rows:
    print(f"{element:<10} {count:>3} stops, {mean:.1f} s on average, {longest:.1f} s at most")
