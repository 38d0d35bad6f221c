"""Why no schedule is feasible, in the words of the instance."""

from __future__ import annotations

import time
from collections.abc import Sequence

from opt_twin.records import Record, record
from opt_twin.results import Status
from opt_twin.scheduling.cp_model import SchedulingModel
from opt_twin.scheduling.instance import SchedulingInstance
from opt_twin.scheduling.requirements import Element, elements_of
from opt_twin.solvers import SolveOptions
from opt_twin.solvers.cpsat import run_cpsat

__all__ = ["Explanation", "Requirement", "explain_infeasibility"]

_MOST_ELEMENTS = 60
"""Up to so many demands the smallest conflict is looked for among all."""


@record
class Requirement(Record):
    """A demand that cannot be kept together with others.

    Attributes
    ----------
    kind
        ``deadline``, ``release``, ``present time``, ``closure``, ``absence``, ``frozen operation``,
        ``maximum time lag`` or ``no-wait``.
    where
        Of which job, machine or resource.
    text
        What it asks for, in words.
    give
        The least number of ticks by which it has to give so that the others of the conflict can be kept; None
        for a demand that holds or does not, and where it was not found in time.
    enough
        Whether the whole instance is feasible once this one has given so much, or is left out.
    """

    kind: str
    where: str
    text: str
    give: int | None = None
    enough: bool = False

    def __str__(self) -> str:
        rest = "feasible" if self.enough else "the others can be kept, but more stands in the way"
        if self.give is None:
            return f"{self.text} (without it: {rest})"
        unit = "tick" if self.give == 1 else "ticks"
        way = {"deadline": "later", "release": "earlier", "present time": "earlier"}.get(self.kind, "more")
        return f"{self.text} ({self.give} {unit} {way}: {rest})"


@record
class Explanation(Record):
    """Which demands of an instance cannot be kept together.

    Attributes
    ----------
    instance
        Its name.
    status
        ``infeasible``; ``feasible`` when there is nothing to explain; ``unknown`` when the time ran out.
    conflict
        Demands that cannot be kept together. Empty for an infeasible instance in which no demand that could
        be left out is the reason.
    minimal
        Whether any one of them can be left out, and the others can then be kept; proved.
    smallest
        Whether no smaller set of demands is in conflict; proved.
    """

    instance: str
    status: str
    conflict: tuple[Requirement, ...] = ()
    minimal: bool = False
    smallest: bool = False

    def __str__(self) -> str:
        if self.status != "infeasible":
            return f"{self.instance} is {self.status}"
        if not self.conflict:
            return (
                f"{self.instance}: no schedule is feasible, whatever the deadlines, closures and other dates "
                "are; look at precedences, buffers and resources"
            )
        head = f"{self.instance}: these cannot be kept together"
        return "\n".join([f"{head}:", *(f"- {member}" for member in self.conflict)])


def explain_infeasibility(
    instance: SchedulingInstance, *, options: SolveOptions | None = None
) -> Explanation:
    """Return which demands cannot be kept together, and by how much each would have to give.

    Demands are deadlines, releases, the present time, closures, absences, frozen operations, maximum time
    lags (precedences with a negative lag) and jobs without waits. Durations, routes, capacities and
    buffers are taken as they are.

    Parameters
    ----------
    instance
        An infeasible one.
    options
        Limits of the whole search; 60 s and one worker unless given.

    References
    ----------
    Junker (2004), QuickXplain: preferred explanations and relaxations for over-constrained problems, AAAI,
    167-172. Ignatiev, Previti, Liffiton, Marques-Silva (2015), Smallest MUS extraction with minimal hitting
    set dualization, CP, LNCS 9255:173-182.

    Examples
    --------
    >>> from opt_twin.testing import infeasible_shop
    >>> print(explain_infeasibility(infeasible_shop()))
    too tight: these cannot be kept together:
    - job a must be complete by 8 (2 ticks later: feasible)
    - job b must be complete by 8 (2 ticks later: feasible)
    """
    search = _Search(instance, SolveOptions() if options is None else options)
    whole = search.feasible(search.elements)
    if whole is not False:
        return Explanation(instance=instance.name, status="unknown" if whole is None else "feasible")
    if search.feasible([]) is False:
        return Explanation(instance=instance.name, status="infeasible", minimal=True, smallest=True)
    conflict = search.minimal()
    smallest = len(conflict) == 1
    if not smallest and len(search.elements) <= _MOST_ELEMENTS:
        found = search.smallest(len(conflict))
        smallest = found is not None
        conflict = conflict if found is None else found
    minimal = search.is_minimal(conflict)
    members = tuple(search.requirement(element, conflict) for element in conflict)
    return Explanation(
        instance=instance.name,
        status="infeasible",
        conflict=members,
        minimal=minimal,
        smallest=minimal and smallest,
    )


class _Search:
    """The search for a conflict; what was found out about sets of demands is remembered."""

    def __init__(self, instance: SchedulingInstance, options: SolveOptions) -> None:
        self._instance, self._options = instance, options
        self._started = time.perf_counter()
        self.elements = elements_of(instance)
        self._known: dict[frozenset[int], bool] = {}

    def feasible(self, kept: Sequence[Element]) -> bool | None:
        """Return whether the demands `kept` can be kept together; None when the time ran out."""
        chosen = frozenset(id(element) for element in kept)
        for known, answer in self._known.items():
            if (answer and chosen <= known) or (not answer and chosen >= known):
                return answer
        found = self._solve(self._with(kept))
        if found is not None:
            self._known[chosen] = found
        return found

    def _with(self, kept: Sequence[Element]) -> SchedulingInstance:
        """Return the instance with no other demands than those."""
        chosen = {id(element) for element in kept}
        instance = self._instance
        for element in self.elements:
            if id(element) not in chosen:
                instance = element.without(instance)
        return instance

    def _solve(self, instance: SchedulingInstance) -> bool | None:
        left = self._options.time_limit - (time.perf_counter() - self._started)
        if left <= 0:
            return None
        model = SchedulingModel(instance, "makespan", lower=0)
        if model.contradictory:
            return False
        answer = run_cpsat(
            model.model,
            options=self._options.replace(time_limit=left),
            started=time.perf_counter(),
            parameters={"stop_after_first_solution": True},
        )
        if answer.value is not None:
            return True
        return False if answer.status is Status.INFEASIBLE else None

    def minimal(self) -> list[Element]:
        """Return a conflict of which no demand can be left out (QuickXplain)."""

        def within(background: list[Element], added: bool, rest: list[Element]) -> list[Element]:
            if added and self.feasible(background) is False:
                return []
            if len(rest) == 1:
                return rest
            half = len(rest) // 2
            front, back = rest[:half], rest[half:]
            of_back = within([*background, *front], bool(front), back)
            of_front = within([*background, *of_back], bool(of_back), front)
            return [*of_front, *of_back]

        return within([], False, self.elements)

    def is_minimal(self, conflict: Sequence[Element]) -> bool:
        """Return whether the others can be kept without any one of a conflict, each asked anew."""
        return all(
            self._solve(self._with([other for other in conflict if other is not element])) is True
            for element in conflict
        )

    def smallest(self, size: int) -> list[Element] | None:
        """Return a conflict of the least size, at most `size`; None when it was not proved in time.

        Every conflict meets every set of demands whose complement can be kept. A smallest set that meets all
        such sets found so far is a smallest conflict, or can be kept and leads to another such set.
        """
        corrections: list[set[int]] = []
        while True:
            hitting = self._hitting_set(corrections)
            if hitting is None:
                return None
            chosen = [self.elements[number] for number in sorted(hitting)]
            answer = self.feasible(chosen)
            if answer is None or len(chosen) > size:
                return None
            if not answer:
                return chosen
            for number, element in enumerate(self.elements):
                if number not in hitting:
                    more = self.feasible([*chosen, element])
                    if more is None:
                        return None
                    if more:
                        chosen.append(element)
                        hitting.add(number)
            corrections.append(set(range(len(self.elements))) - hitting)

    def _hitting_set(self, sets: list[set[int]]) -> set[int] | None:
        """Return a smallest set that meets all `sets`, of those the one in front."""
        from ortools.sat.python import cp_model

        model = cp_model.CpModel()
        chosen = [model.new_bool_var(str(number)) for number in range(len(self.elements))]
        for one in sets:
            model.add_bool_or([chosen[number] for number in sorted(one)])
        weight = len(self.elements) ** 2 + 1
        model.minimize(sum((weight + number) * literal for number, literal in enumerate(chosen)))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        left = self._options.time_limit - (time.perf_counter() - self._started)
        solver.parameters.max_time_in_seconds = max(0.0, left)
        if solver.status_name(solver.solve(model)) != "OPTIMAL":
            return None
        return {number for number, literal in enumerate(chosen) if solver.value(literal)}

    def requirement(self, element: Element, conflict: Sequence[Element]) -> Requirement:
        """Return a member of a conflict with the least that it has to give."""
        looser, give = element.looser, None
        if looser is not None:
            low, high = 1, element.most
            inside = self._with(conflict)
            while low < high:
                middle = (low + high) // 2
                answer = self._solve(looser(inside, middle))
                if answer is None:
                    break
                low, high = (low, middle) if answer else (middle + 1, high)
            give = low if low == high else None
        others = self._instance
        alone = element.without(others) if give is None or looser is None else looser(others, give)
        return Requirement(
            kind=element.kind,
            where=element.where,
            text=element.text,
            give=give,
            enough=self._solve(alone) is True,
        )
