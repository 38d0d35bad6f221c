"""Print what the search finds on tiny shops of every kind; run with and without the compiler by the tests."""

import json
import random
import sys

from opt_twin.scheduling.local_search.flow_shop import FLOW_SHOP_OBJECTIVES, FlowShop
from opt_twin.scheduling.local_search.flow_shop_search import search


def random_flow_shop(
    seed, *, kind="permutation", setups=False, releases=False, factories=1, jobs=5, machines=3
):
    """Return a small shop with due dates and weights."""
    rng = random.Random(seed)

    def numbers(high, *shape):
        if not shape:
            return rng.randint(0, high)
        return tuple(numbers(high, *shape[1:]) for _ in range(shape[0]))

    return FlowShop(
        durations=numbers(9, jobs, machines),
        kind=kind,
        setups=numbers(6, machines, jobs, jobs) if setups else None,
        first_setups=numbers(6, machines, jobs) if setups else None,
        releases=numbers(20, jobs) if releases else None,
        dues=tuple(None if rng.random() < 0.3 else due for due in numbers(30, jobs)),
        weights=numbers(4, jobs),
        factories=factories,
        stage_machines=(1, *(2,) * (machines - 1)) if kind == "hybrid" else None,
    )


def variants():
    """Return the arguments of every combination that a shop can have."""
    found = [{"kind": "hybrid", "releases": releases} for releases in (False, True)]
    for kind in ("permutation", "blocking", "no_wait"):
        for setups in (False, True) if kind != "blocking" else (False,):
            found += [
                {"kind": kind, "setups": setups, "releases": releases, "factories": factories}
                for releases in (False, True)
                for factories in (1, 2)
            ]
    return found


def main():
    found = []
    for number, variant in enumerate(variants()):
        shop = random_flow_shop(number, jobs=6, **variant)
        for objective in FLOW_SHOP_OBJECTIVES:
            answer = search(shop, objective=objective, seed=number, steps=60)
            found.append([answer.value, answer.sequences, answer.steps])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
