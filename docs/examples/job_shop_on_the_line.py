"""An optimal job-shop schedule, executed on a line: on time, and with machines that fail."""

import opt_twin as ot
from opt_twin.line import (
    Buffer,
    Connection,
    Exponential,
    FailureMode,
    Line,
    Order,
    Product,
    Sink,
    Source,
    Station,
)
from opt_twin.simulation import RunSettings, run_replication, simulate

shop = ot.load_instance("ft06")
schedule = ot.solve_schedule(shop, options=ot.SolveOptions(time_limit=20)).solution()

legs: dict[tuple[str, str], list[str]] = {}
times: dict[str, dict[str, int]] = {machine: {} for machine in shop.machines}
for job in shop.jobs:
    before = "In"
    for operation in job.operations:
        legs.setdefault((before, f"Q{operation.machine}"), []).append(job.name)
        times[operation.machine][job.name] = operation.duration
        before = operation.machine
    legs.setdefault((before, "Out"), []).append(job.name)


def floor(*failures: FailureMode) -> Line:
    """Return the line: a product and an order for each job, a queue before each machine."""
    return Line(
        name="ft06",
        elements=(
            Source(name="In"),
            *(Buffer(name=f"Q{machine}", discipline="by_product") for machine in shop.machines),
            *(
                Station(name=machine, cycle_time=1, cycle_time_by_product=times[machine], failures=failures)
                for machine in shop.machines
            ),
            Sink(name="Out"),
        ),
        connections=(
            *(Connection(source=a, target=b, products=names) for (a, b), names in legs.items()),
            *(Connection(source=f"Q{machine}", target=machine) for machine in shop.machines),
        ),
        products=tuple(Product(name=job.name) for job in shop.jobs),
        orders=tuple(Order(name=job.name, product=job.name, quantity=1) for job in shop.jobs),
    )


print(f"planned {schedule.makespan}, executed {run_replication(floor(), plan=schedule).end:.0f}")
stops = FailureMode(time_to_failure=Exponential(mean=40.0), time_to_repair=Exponential(mean=8.0))
for late in ("keep", "swap"):
    settings = RunSettings(late=late, replications=50)
    result = simulate(floor(stops), settings=settings, plan=schedule, seed=4)
    print(f"{late}: makespan {result.mean('makespan'):.1f} on average with failures")
