"""Solve a built-in job shop, check the schedule, and print one machine's sequence."""

import opt_twin as ot

instance = ot.load_instance("ft06")
result = ot.solve_schedule(instance, options=ot.SolveOptions(time_limit=20))
schedule = result.solution()
print(f"makespan {result.objective:.0f}, bound {result.bound:.0f}, {result.status}")
print(f"violations: {ot.verify(instance, schedule)}")
