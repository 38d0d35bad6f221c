"""A run as it went: what was made in each quarter of an hour, and how long the slowest parts took."""

import opt_twin as ot
from opt_twin.simulation import run_replication

line = ot.read_line("models/bottling.yaml")
run = run_replication(line, settings=ot.RunSettings(horizon="2 h", interval="15 min"), seed=3)
first = line.stations[0].name
buffer = line.buffers[0].name
print(f"from min  parts out      wip  {buffer} level  {first} busy")
for index in range(len(run.series["wip"])):
    row = {name: float(values[index]) for name, values in run.series.items()}
    print(
        f"{15 * index:>8}  {row['parts_out']:>9.0f}  {row['wip']:>7.1f}"
        f"  {row[f'{buffer}.level']:>8.1f}  {100 * row[f'{first}.busy']:>9.1f} %"
    )
times = [run.values[name] for name in ("lead_time", "lead_time_p50", "lead_time_p90", "lead_time_p99")]
print(
    "lead time: mean {:.0f} s, half within {:.0f} s, 90 % within {:.0f} s, 99 % within {:.0f} s".format(
        *times
    )
)
