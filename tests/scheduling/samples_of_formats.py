"""A small text and random instances of each format."""

import json

from hypothesis import strategies as st

from opt_twin.scheduling import SchedulingInstance, parse_instance
from opt_twin.testing import random_shop, two_job_shop

PSPLIB = """************************************************************************
file with basedata            : tiny
initial value random generator: 1
************************************************************************
projects                      :  1
jobs (incl. supersource/sink ):  4
horizon                       :  9
RESOURCES
  - renewable                 :  1   R
  - nonrenewable              :  1   N
  - doubly constrained        :  0   D
************************************************************************
PROJECT INFORMATION:
pronr.  #jobs rel.date duedate tardcost  MPM-Time
    1      2      0       9        2       9
************************************************************************
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        2          1           4
   3        1          1           4
   4        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  N 1
------------------------------------------------------------------------
  1      1     0       0    0
  2      1     3       2    6
         2     5       2    0
  3      1     4       3    4
  4      1     0       0    0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1  N 1
    4   10
************************************************************************
"""

SAMPLES = {
    "json": json.dumps(two_job_shop().to_dict()),
    "jsp-json": json.dumps(
        {
            "instance": "x",
            "machines": 2,
            "jobs": 2,
            "data": [
                {"job": 0, "operation": 0, "machine": 1, "duration": 5},
                {"job": 0, "operation": 1, "machine": 0, "duration": 2},
                {"job": 1, "operation": 0, "machine": 0, "duration": 7},
            ],
        }
    ),
    "orders": "job,machine,duration,release,due,weight,family\na,Saw|Drill,2.5|3,0,20,2,red\na,Mill,4,,,,\n"
    "b,Drill,7,1,30,1,\n",
    "standard": "# shop\n2 3\n0 5 1 6 2 7\n2 1 0 2 1 3\n",
    "standard-permutation": "2 3\n0 5 1 6 2 7\n0 1 1 2 2 3\n",
    "reentrant": "2 2\n0 5 1 6 0 7 -1 -1\n1 3 -1 -1\n",
    "open-shop": "3 2\n5 6\n1 2\n7 8\n",
    "taillard": "Nb of jobs, Nb of Machines\n2 3\nTimes\n5 6 7\n1 2 3\nMachines\n2 1 3\n3 2 1\n",
    "taillard-flow-shop": "number of jobs, number of machines, seed, bounds :\n2 3 9 20 10\n"
    "processing times :\n5 6\n7 8\n9 1\n",
    "taillard-open-shop": "number of jobs, number of machines :\n2 2 9\nprocessing times :\n5 6\n7 8\n"
    "machines :\n2 1\n1 2\n",
    "fjs": "2 3 1.5\n2 2 1 25 3 37 1 2 24\n1 3 1 4 2 5 3 6\n",
    "naderi-jsp": "2\n3\n5 6 7\n1 2 3\n2 1 3\n3 2 1\n",
    "naderi-pfsp": "3\n2\n5 6\n1 2\n7 8\n",
    "naderi-npfsp": "3\n2\n5 6\n1 2\n7 8\n",
    "naderi-no-wait": "3\n2\n5 6\n1 2\n7 8\n",
    "naderi-sdst": "3\n2\n5 6\n1 2\n7 8\n0 1 2\n3 0 4\n5 6 0\n0 9 8\n7 0 6\n5 4 0\n",
    "naderi-tardiness": "3\n2\n30 40 50\n5 6\n1 2\n7 8\n",
    "naderi-hybrid": "3\n2\n2 1\n5 6\n1 2\n7 8\n",
    "naderi-fjsp": "2\n3\n2 1\n5 6 0\n0 0 2\n7 8 9\n",
    "naderi-osp": "3\n2\n5 6\n1 2\n7 8\n",
    "naderi-parallel": "3\n2\n5 6\n1 2\n7 8\n",
    "psplib": PSPLIB,
    "patterson": "4 2\n3 4\n0 0 0 2 2 3\n5 1 2 1 4\n2 3 0 1 4\n0 0 0 0\n",
    "progen-max": "2 1 0 0\n0 1 1 1 [0]\n1 1 1 2 [3]\n2 1 2 1 3 [-9] [4]\n3 1 0\n"
    "0 1 0 0\n1 1 3 2\n2 1 4 1\n3 1 0 0\n3\n",
}


def _rows(draw, low=0):
    jobs, machines = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    duration = st.integers(low, 50)
    return [[draw(duration) for _ in range(machines)] for _ in range(jobs)]


def _shop(rows, routes=None, **fields):
    machines = max(len(row) for row in rows)
    jobs = []
    for index, row in enumerate(rows):
        route = range(len(row)) if routes is None else routes[index]
        operations = [{"machine": f"M{m + 1}", "duration": d} for m, d in zip(route, row, strict=True)]
        jobs.append({"name": f"J{index + 1}", "operations": operations, **fields})
    return {"name": "shop", "machines": [f"M{m + 1}" for m in range(machines)], "jobs": jobs}


def _modes(machines, durations):
    modes = [{"machine": f"M{m + 1}", "duration": d} for m, d in zip(machines, durations, strict=True)]
    return modes[0] if len(modes) == 1 else {"modes": modes}


def _job_shop(draw):
    rows = _rows(draw)
    return _shop(rows, [draw(st.permutations(range(len(row)))) for row in rows])


def _reentrant(draw):
    machines = draw(st.integers(1, 3))
    jobs = []
    for _ in range(draw(st.integers(1, 3))):
        step = st.tuples(st.integers(0, machines - 1), st.integers(0, 9))
        jobs.append(draw(st.lists(step, min_size=1, max_size=6)))
    data = _shop([[d for _, d in steps] for steps in jobs], [[m for m, _ in steps] for steps in jobs])
    return {**data, "machines": [f"M{m + 1}" for m in range(machines)]}


def _flexible(draw, low=0, names=None):
    machines = draw(st.integers(1, 4))
    jobs = []
    for index in range(draw(st.integers(1, 3))):
        operations = []
        for _ in range(draw(st.integers(1, 3))):
            own = sorted(draw(st.sets(st.integers(0, machines - 1), min_size=1)))
            operations.append(_modes(own, [draw(st.integers(low, 20)) for _ in own]))
        jobs.append({"name": f"J{index + 1}", "operations": operations})
    return {"name": "shop", "machines": [f"M{m + 1}" for m in range(machines)], "jobs": jobs}


def _hybrid(draw):
    rows = _rows(draw)
    groups, first = [], 0
    for _ in rows[0]:
        width = draw(st.integers(1, 3))
        groups.append(list(range(first, first + width)))
        first += width
    jobs = [
        {
            "name": f"J{i}",
            "operations": [_modes(group, [d] * len(group)) for group, d in zip(groups, row, strict=True)],
        }
        for i, row in enumerate(rows, 1)
    ]
    return {"name": "shop", "machines": [f"M{m + 1}" for m in range(first)], "jobs": jobs}


def _parallel(draw):
    rows = _rows(draw)
    jobs = [{"name": f"J{i}", "operations": [_modes(range(len(row)), row)]} for i, row in enumerate(rows, 1)]
    return {"name": "shop", "machines": [f"M{m + 1}" for m in range(len(rows[0]))], "jobs": jobs}


def _sdst(draw):
    data = {**_shop(_rows(draw, low=1)), "permutation": True}
    names = [job["name"] for job in data["jobs"]]
    tables = {}
    for machine in data["machines"]:
        table = {a: {b: t for b in names if a != b and (t := draw(st.integers(0, 9)))} for a in names}
        tables[machine] = {a: row for a, row in table.items() if row}
    for job in data["jobs"]:
        job["family"] = job["name"]
    return {**data, "setup_times": {m: table for m, table in tables.items() if table}}


def _project(draw, *, modes=False, consumables=False, lags=False):
    renewable = draw(st.integers(0, 2))
    kinds = ["renewable"] * renewable + ["consumable"] * (draw(st.integers(0, 2)) if consumables else 0)
    resources = [
        {
            "name": f"R{i + 1}" if kind == "renewable" else f"N{i - renewable + 1}",
            "capacity": draw(st.integers(1, 9)),
            "kind": kind,
        }
        for i, kind in enumerate(kinds)
    ]
    count = draw(st.integers(2, 5))
    operations = []
    for _ in range(count):
        ways = []
        for _ in range(draw(st.integers(1, 3)) if modes else 1):
            demands = {r["name"]: draw(st.integers(0, r["capacity"])) for r in resources}
            held = {name: amount for name, amount in demands.items() if amount}
            ways.append({"duration": draw(st.integers(0, 9)), **({"demands": held} if held else {})})
        operations.append(ways[0] if len(ways) == 1 else {"modes": ways})
    precedences = [
        {
            "before": ("project", a),
            "after": ("project", b),
            "kind": "start-start" if lags else "end-start",
            "lag": draw(st.integers(-9, 9)) if lags else 0,
        }
        for a in range(count)
        for b in range(a + 1, count)
        if draw(st.booleans())
    ]
    job = {"name": "project", "order": "network", "operations": operations}
    if modes and draw(st.booleans()):
        job |= {"release": draw(st.integers(0, 5)), "due": draw(st.integers(0, 50)), "weight": 3}
    return {"name": "p", "resources": resources, "jobs": [job], "precedences": precedences}


def _orders(draw):
    data = _flexible(draw)
    for job in data["jobs"]:
        if draw(st.booleans()):
            job |= {"release": draw(st.integers(0, 9)), "due": draw(st.integers(0, 99)), "priority": 2}
        if draw(st.booleans()):
            job |= {"deadline": draw(st.integers(0, 999)), "weight": 5, "family": "red"}
    ways = [o.get("modes", [o]) for job in data["jobs"] for o in job["operations"]]
    used = dict.fromkeys(mode["machine"] for own in ways for mode in own)
    return {**data, "machines": list(used)}


def _json(draw):
    seed = draw(st.integers(0, 1000))
    shop = random_shop(seed, setups=draw(st.booleans()), streaming=draw(st.booleans()), dates=True)
    return shop.to_dict()


def _due(draw):
    data = {**_shop(_rows(draw, low=1)), "permutation": True}
    for job in data["jobs"]:
        job["due"] = draw(st.integers(0, 99))
    return data


def _permutation(draw):
    return {**_shop(_rows(draw, low=1)), "permutation": True}


_MAKERS = {
    "json": _json,
    "jsp-json": _reentrant,
    "orders": _orders,
    "standard": _job_shop,
    "standard-permutation": _permutation,
    "reentrant": _reentrant,
    "open-shop": lambda draw: _shop(_rows(draw), order="open"),
    "taillard": _job_shop,
    "taillard-flow-shop": _permutation,
    "taillard-open-shop": lambda draw: _shop(_rows(draw), order="open"),
    "fjs": _flexible,
    "naderi-jsp": _job_shop,
    "naderi-pfsp": _permutation,
    "naderi-npfsp": lambda draw: _shop(_rows(draw)),
    "naderi-no-wait": lambda draw: _shop(_rows(draw), no_wait=True),
    "naderi-sdst": _sdst,
    "naderi-tardiness": _due,
    "naderi-hybrid": _hybrid,
    "naderi-fjsp": lambda draw: _flexible(draw, low=1),
    "naderi-osp": lambda draw: _shop(_rows(draw), order="open"),
    "naderi-parallel": _parallel,
    "psplib": lambda draw: _project(draw, modes=True, consumables=True),
    "patterson": _project,
    "progen-max": lambda draw: _project(draw, lags=True),
}


@st.composite
def _made(draw, name):
    return SchedulingInstance.from_dict(_MAKERS[name](draw))


def instances(name):
    """Return random instances that the format `name` holds."""
    return _made(name)


def sample(name):
    """Return the instance of the sample of a format."""
    return parse_instance(SAMPLES[name], format=name)
