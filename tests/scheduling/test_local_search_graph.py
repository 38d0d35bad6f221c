"""The kernels of the local search against an independent longest path and against each other."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from opt_twin.scheduling.local_search import disjunctive_moves as moves
from opt_twin.scheduling.local_search.disjunctive import (
    AFTER,
    BEFORE,
    DURATION,
    END,
    MACHINE,
    RANK,
    TAIL,
    insert_after,
    makespan,
)
from opt_twin.scheduling.local_search.disjunctive_compiled import compiled, draw, random_state
from opt_twin.scheduling.local_search.disjunctive_graph import DisjunctiveGraph
from opt_twin.scheduling.local_search.flexible_moves import list_reassignments
from opt_twin.scheduling.local_search.job_shop import ShopArrays


def random_shop(seed, *, least=1, flexible=False, jobs=6, machines=4, limits=True):
    """A shop in which jobs visit some machines twice and others never, with releases and delivery times."""
    rng = np.random.default_rng(seed)
    routes = [
        [
            [
                (int(machine), int(rng.integers(least, 10)))
                for machine in rng.choice(
                    machines, rng.integers(1, machines) if flexible else 1, replace=False
                )
            ]
            for _ in range(rng.integers(2, 6))
        ]
        for _ in range(jobs)
    ]
    if not limits:
        return ShopArrays.from_options(machines, routes)
    return ShopArrays.from_options(
        machines,
        routes,
        release=[int(x) for x in rng.integers(0, 12, jobs)],
        delivery=[int(x) for x in rng.integers(0, 12, jobs)],
        free=[int(x) for x in rng.integers(0, 12, machines)],
    )


def started(shop, seed):
    graph = DisjunctiveGraph(shop, seed=seed, patience=100)
    graph.take_random()
    graph.start()
    return graph


def arcs(graph):
    """The graph as networkx sees it: an arc from each operation to the next of its job and machine."""
    nodes, slots = graph._nodes, [int(x) for x in graph.slots]
    found = nx.DiGraph()
    found.add_nodes_from(slots)
    found.add_edges_from((a, b) for a, b in pairwise(slots) if b == a + 1)
    found.add_edges_from((x, int(nodes[x, AFTER])) for x in slots if nodes[x, AFTER] >= graph.shop.machines)
    return found


def assert_exact(graph):
    """Heads, tails, ranks and makespan are those of the longest paths."""
    nodes, net = graph._nodes, arcs(graph)
    machines = graph.shop.machines
    ends, tails = {}, {}
    for x in nx.topological_sort(net):
        at_gate = nodes[x - 1, END] if nodes[x - 1, RANK] < 0 else 0
        at_machine = nodes[nodes[x, MACHINE], END] if nodes[x, BEFORE] < machines else 0
        before = max((ends[y] for y in net.predecessors(x)), default=0)
        ends[x] = max(before, at_gate, at_machine) + nodes[x, DURATION]
    for x in reversed(list(nx.topological_sort(net))):
        delivery = nodes[x + 1, TAIL] if nodes[x + 1, RANK] < 0 else 0
        tails[x] = max(max((tails[y] for y in net.successors(x)), default=0), delivery) + nodes[x, DURATION]
    for x in net:
        assert nodes[x, END] == ends[x]
        assert nodes[x, TAIL] == tails[x]
        assert graph._order[nodes[x, RANK]] == x
    for a, b in net.edges:
        assert nodes[a, RANK] < nodes[b, RANK]
    last = [x for x in net if nodes[x + 1, RANK] < 0]
    assert makespan(nodes, graph._last) == max(ends[x] + nodes[x + 1, TAIL] for x in last)


def options_of(graph, x):
    return range(graph._option[x], graph._option[x + 1])


@pytest.mark.parametrize("least", [0, 1])
@pytest.mark.parametrize("seed", range(6))
def test_after_any_insertion_heads_tails_and_order_are_those_of_the_longest_paths(seed, least):
    graph = started(random_shop(seed, least=least, flexible=True), seed)
    nodes, rng = graph._nodes, np.random.default_rng(seed)
    refused = 0
    for _ in range(60):
        x = int(rng.choice(graph.slots))
        option = int(rng.choice(options_of(graph, x)))
        machine = int(graph.shop.option_machine[option])
        ring, y = [machine], int(nodes[machine, AFTER])
        while y != machine:
            ring.append(y)
            y = int(nodes[y, AFTER])
        anchor = int(rng.choice([y for y in ring if y != x]))
        before = nodes.copy(), graph._order.copy()
        wanted = arcs(graph)
        wanted.remove_edges_from([(a, b) for a, b in wanted.edges if x in (a, b) and b != a + 1])
        left, right, behind = (int(nodes[y, f]) for y, f in ((x, BEFORE), (x, AFTER), (anchor, AFTER)))
        if abs(left - x) == 1 and left >= graph.shop.machines and left < x:
            wanted.add_edge(left, x)
        behind = right if behind == x else behind
        for a, b in ((left, right), (anchor, x), (x, behind)):
            if min(a, b) >= graph.shop.machines:
                wanted.add_edge(a, b)
        if anchor >= graph.shop.machines and behind >= graph.shop.machines and behind != anchor + 1:
            wanted.remove_edges_from([(anchor, behind)])
        nodes[x, DURATION] = graph.shop.option_duration[option]
        done = insert_after(nodes, graph._order, graph._work, x, anchor)
        assert done == nx.is_directed_acyclic_graph(wanted)
        if not done:
            refused += 1
            nodes[x, DURATION] = before[0][x, DURATION]
            assert (nodes == before[0]).all()
            assert (graph._order == before[1]).all()
        assert_exact(graph)
    assert refused > 0


def critical_moves(graph):
    nodes, path = graph._nodes, graph._path
    longest = makespan(nodes, graph._last)
    length = moves.critical_path(nodes, graph._last, longest, path, graph._random)
    return length, moves.list_moves(nodes, path, length, graph._moves)


@pytest.mark.parametrize("seed", range(8))
def test_a_critical_path_is_as_long_as_the_makespan(seed):
    graph = started(random_shop(seed), seed)
    length, _ = critical_moves(graph)
    path = [int(x) for x in graph._path[:length]]
    nodes = graph._nodes
    total = sum(int(nodes[x, DURATION]) for x in path)
    start = int(nodes[path[-1], END] - nodes[path[-1], DURATION])
    assert start + total + nodes[path[0] + 1, TAIL] == makespan(nodes, graph._last)
    for later, earlier in pairwise(path):
        assert earlier in (later - 1, nodes[later, BEFORE])


def insert(graph, move):
    u, v, kind = (int(value) for value in move[:3])
    anchor = v if kind == 1 else int(graph._nodes[v, BEFORE])
    return insert_after(graph._nodes, graph._order, graph._work, u, anchor)


@pytest.mark.parametrize("seed", range(12))
def test_no_listed_move_closes_a_cycle_and_a_neighbour_exchange_is_estimated_exactly(seed):
    graph = started(random_shop(seed, jobs=8, machines=3, limits=seed % 2 == 0), seed)
    _, count = critical_moves(graph)
    assert count > 0
    for move in graph._moves[:count].copy():
        u, v, kind, _ = (int(value) for value in move)
        saved = graph._nodes.copy(), graph._order.copy()
        estimate = moves.estimate_after if kind else moves.estimate_before
        value = estimate(graph._nodes, np.uintp(u), np.uintp(v), 10**9, graph._work)
        neighbours = graph._nodes[u, AFTER if kind else BEFORE] == v
        assert insert(graph, move)
        assert_exact(graph)
        if neighbours:
            nodes = graph._nodes
            assert value == max(nodes[x, END] - nodes[x, DURATION] + nodes[x, TAIL] for x in (u, v))
            assert makespan(nodes, graph._last) >= value
        graph._nodes[:], graph._order[:] = saved


@pytest.mark.parametrize("seed", range(6))
def test_an_estimate_that_is_cut_short_is_still_above_the_limit(seed):
    graph = started(random_shop(seed, jobs=10, machines=2), seed)
    _, count = critical_moves(graph)
    for u, v, kind, _ in graph._moves[:count]:
        estimate = moves.estimate_after if kind else moves.estimate_before
        pair = np.uintp(u), np.uintp(v)
        full = estimate(graph._nodes, *pair, 10**9, graph._work)
        for limit in (full - 3, full - 1, full, full + 1):
            cut = estimate(graph._nodes, *pair, limit, graph._work)
            assert (cut > limit) == (full > limit)
            assert cut == full or cut > limit


@pytest.mark.parametrize("seed", range(12))
def test_no_listed_reassignment_closes_a_cycle(seed):
    graph = started(random_shop(seed, flexible=True, jobs=8), seed)
    length, _ = critical_moves(graph)
    options = graph._option, graph.shop.option_machine, graph.shop.option_duration
    count = list_reassignments(graph._nodes, graph._path, length, graph._moves, 0, *options, graph._random)
    assert count > 0
    for x, anchor, kind, value in graph._moves[:count].copy():
        saved = graph._nodes.copy(), graph._order.copy()
        graph._nodes[x, DURATION] = graph.shop.option_duration[kind - 2]
        assert insert_after(graph._nodes, graph._order, graph._work, x, anchor)
        assert_exact(graph)
        through = graph._nodes[x, END] - graph._nodes[x, DURATION] + graph._nodes[x, TAIL]
        assert through <= value
        graph._nodes[:], graph._order[:] = saved


def test_a_kernel_without_a_place_to_be_kept_is_compiled_all_the_same():
    namespace = {}
    exec("def doubled(x):\n    return 2 * x", namespace)
    assert compiled(namespace["doubled"])(21) == 42


def test_draws_are_uniform():
    state = random_state(7)
    counts = np.bincount([draw(state, 5) for _ in range(20_000)], minlength=5)
    # Chi square with 4 degrees of freedom: above 18.5 with probability 0.001.
    assert ((counts - 4000) ** 2 / 4000).sum() < 18.5


@pytest.mark.parametrize("seed", range(5))
def test_a_solution_between_two_keeps_what_they_agree_on(seed):
    shop = random_shop(seed, flexible=seed % 2 == 1, jobs=8)
    graph = started(shop, seed)
    one = graph.best_solution()
    graph.take_random()
    graph.start()
    other = graph.best_solution()
    assert graph.distance(one, one) == 0
    assert graph.distance(one, other) == graph.distance(other, one) > 0
    graph.take_between(one, other, 0.5, np.random.default_rng(seed))
    graph.start()
    assert_exact(graph)
    between = graph.best_solution()
    for x in graph.slots:
        assert between.machine[x] in (one.machine[x], other.machine[x])
        for y in graph.slots:
            if (one.rank[x] < one.rank[y]) == (other.rank[x] < other.rank[y]):
                assert (between.rank[x] < between.rank[y]) == (one.rank[x] < one.rank[y])


@pytest.mark.parametrize("seed", range(4))
def test_sequences_of_a_solution_give_the_solution_back(seed):
    graph = started(random_shop(seed, flexible=True), seed)
    solution = graph.best_solution()
    again = graph.solution_of(graph.sequences(solution))
    assert again.value == solution.value
    assert graph.distance(again, solution) == 0
