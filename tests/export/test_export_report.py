"""The report of a study."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from opt_twin.export import Study, study_report
from opt_twin.plan import Schedule
from opt_twin.records import FrozenMapping
from opt_twin.results import Status, StopReason
from opt_twin.theory import capacity_table

BAD = 'Filler <b>&"'


def full_study(samples, line, **fields):
    given = {
        "line": line,
        "warnings": ("utilisation of Packer 1.07 > 1",),
        "evaluation": samples.evaluation(line),
        "capacity": capacity_table(line),
        "bottleneck": samples.bottleneck(line),
        "schedule": samples.result(samples.schedule()),
        "instance": samples.instance(),
        "executed": samples.evaluation(line, orders=True),
        "search": samples.result(samples.front(line), solver="NSGA-II"),
        "settings": {"horizon": "8 h"},
        "commands": ("opt-twin study line.yaml",),
        "notes": ("All figures are made up.",),
    }
    return Study(**(given | fields))


class Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words = []
        self.loaded = []

    def handle_starttag(self, tag, attrs):
        self.loaded += [
            (tag, value)
            for name, value in attrs
            if name in {"src", "href", "xlink:href", "srcset", "data"} and not value.startswith("#")
        ]

    def handle_data(self, data):
        self.words.append(data)


def words_of(text):
    parser = Words()
    parser.feed(text)
    assert parser.loaded == []
    return re.sub(r"\s+", " ", " ".join(parser.words))


def test_a_whole_report_stands_alone_and_is_small(samples, line):
    text = study_report(full_study(samples, line))
    assert len(text.encode()) < 1_000_000
    for forbidden in ("<script", "@import", "url(", "<link", "<img", "<iframe"):
        assert forbidden not in text
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == []
    assert text.count("<svg") == 5


def test_the_answer_names_what_limits_what_is_planned_and_what_was_found(samples, line):
    words = words_of(study_report(full_study(samples, line)))
    for part in (
        "As it is, the line makes",
        "Filler limits the line: 5 % more speed there gives +3.8 %",
        "The schedule of 3 orders plans them in 59 s (makespan minimised, ",
        "the best possible is at most 15.3 % better)",
        "and 50 % of the orders are on time.",
        "The search tried 80 lines and kept 6; the knee of them gives throughput",
        "against today",
    ):
        assert part in words, part


def test_every_section_shows_its_numbers(samples, line):
    study = full_study(samples, line)
    words = words_of(study_report(study, title="My line"))
    for part in (
        "My line",
        "Warning: utilisation of Packer 1.07 &gt; 1".replace("&gt;", ">"),
        "a: every 2 h of work, 5 min; b: every 100 cycles, 1 min; jam: 1.0 % of cycles, 15 s",
        "defects 2.0 %; finds 90 % of defects; rejects 1.0 % of good parts",
        "the first 10 min of each left out",
        "Throughput",
        "Gain of 5 % shorter stops",
        "working share: Filler",
        "no schedule can be below 50 s, gap 15.3 %. Found by cp-sat in 1.5 s.",
        "On average the search had seen throughput 0.4 parts/h better and wip 0.1 parts worse",
        "opt-twin study line.yaml",
        line.digest(),
        study.evaluation.digest(),
        study.search.best.digest(),
    ):
        assert part in words, part


def test_orders_that_are_late_are_red_and_have_their_chance(samples, line):
    text = study_report(full_study(samples, line))
    row = next(row for row in re.findall(r"<tr[^>]*>.*?</tr>", text, re.DOTALL) if ">O2<" in row)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    assert cells == ["O2", "Q", "50", "42", "60", "61 ± 0", "0 %"]
    assert row.startswith('<tr class="bad">')
    row = next(row for row in re.findall(r"<tr[^>]*>.*?</tr>", text, re.DOTALL) if ">O1<" in row)
    assert re.findall(r"<td[^>]*>(.*?)</td>", row)[-1] == "100 %"
    assert row.startswith("<tr>")


def test_the_decisions_of_each_point_stand_beside_those_of_today(samples, line):
    text = study_report(full_study(samples, line))
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr[^>]*>.*?</tr>", text, re.DOTALL)
    ]
    today = next(row for row in rows if row and row[0] == "today")
    assert today[3:5] == ["10", "1"]
    last = next(row for row in rows if row and row[0] == "6")
    assert last[3:] == ["32", "2", "100 %"]


@pytest.mark.parametrize(
    ("missing", "note"),
    [
        ("evaluation", "The line was not simulated."),
        ("bottleneck", "The bottleneck was not measured."),
        ("schedule", "No schedule was made."),
        ("search", "No search was made."),
        ("executed", ""),
        ("instance", ""),
    ],
)
def test_a_report_without_a_part_says_so(samples, line, missing, note):
    assert note in words_of(study_report(full_study(samples, line, **{missing: None})))


def test_a_report_of_the_line_alone_is_a_report(samples):
    line = samples.line(orders=[], description="what it is")
    words = words_of(study_report(Study(line=line)))
    assert "The line has no orders to schedule." in words
    assert "what it is" in words


def test_searches_and_schedules_without_a_solution_say_why(samples, line):
    empty = samples.result(
        None, status=Status.INFEASIBLE, stop_reason=StopReason.PROVED, objective=None, bound=None
    )
    words = words_of(study_report(full_study(samples, line, schedule=empty, search=empty)))
    assert "No schedule was found: infeasible, stopped by proved." in words
    assert "No schedule was found (infeasible)." in words
    assert "The search found no feasible line (proved)." in words


def test_optimal_unbounded_and_custom_objectives_have_their_words(samples, line):
    best = samples.schedule()
    optimal = samples.result(best, bound=59.0, objective=59.0)
    assert "proved optimal" in words_of(study_report(full_study(samples, line, schedule=optimal)))
    unknown = samples.result(best, bound=None, objective=None, objective_name="", solver="")
    words = words_of(study_report(full_study(samples, line, schedule=unknown)))
    assert "without a bound that says how good that is" in words
    assert "Found by a solver" in words
    useless = samples.result(best, bound=0.0, objective_name="total_weighted_tardiness")
    words = words_of(study_report(full_study(samples, line, schedule=useless)))
    assert "(total weighted tardiness minimised, without a bound" in words


def test_a_front_of_one_point_that_was_not_evaluated_again_says_so(samples, line):
    front = samples.front(line, n=1, reevaluated=0)
    words = words_of(study_report(full_study(samples, line, search=samples.result(front))))
    assert "kept one, which gives" in words
    assert "too good on average" in words
    assert "than this one." in words


def test_knee_and_today_that_are_alike_are_called_the_same(samples, line, evaluation):
    front = samples.front(
        line, n=1, points=np.array([[evaluation.mean("throughput"), evaluation.mean("wip") * 2]])
    )
    study = full_study(samples, line, evaluation=evaluation, search=samples.result(front))
    assert "against today the same throughput and 100.0 % more wip." in words_of(study_report(study))


def test_a_change_that_may_be_noise_says_so(samples, line, evaluation):
    near = np.array([[evaluation.mean("throughput") * 1.001, evaluation.mean("wip") * 0.5]])
    front = samples.front(line, n=1, points=near, intervals=np.stack([near - 0.5, near + 0.5], 2))
    study = full_study(samples, line, evaluation=evaluation, search=samples.result(front))
    words = words_of(study_report(study))
    assert "0.1 % more throughput (within the noise) and 50.0 % less wip." in words


def test_common_random_numbers_tell_the_knee_from_today_where_their_intervals_overlap(samples, line):
    luck = np.array([-9.0, 4.0, 0.0, 7.0, -2.0])
    today = samples.evaluation(line, throughput=80 + luck, wip=14 + luck / 9)
    knee = samples.evaluation(
        line, throughput=84 + luck + np.array([0.1, -0.1, 0, 0.1, -0.1]), wip=14 + luck[::-1] / 9
    )
    points = np.array([[84.0, 14.0]])
    front = samples.front(
        line, n=1, points=points, intervals=np.stack([points - 8, points + 8], 2), evaluations=(knee,)
    )
    study = full_study(samples, line, evaluation=today, search=samples.result(front))
    assert "5.0 % ± 0.2 % more throughput and the same wip." in words_of(study_report(study))
    elsewhere = samples.evaluation(line, seed=2, throughput=80 + luck, wip=14 + luck / 9)
    study = full_study(samples, line, evaluation=elsewhere, search=samples.result(front))
    assert "5.0 % more throughput (within the noise)" in words_of(study_report(study))


def test_a_today_that_was_run_in_another_way_has_a_warning(samples, line):
    import dataclasses

    runs = tuple(dataclasses.replace(samples.evaluation(line), horizon=3600.0, warm_up=0.0) for _ in range(6))
    search = samples.result(samples.front(line, evaluations=runs))
    words = words_of(study_report(full_study(samples, line, search=search)))
    assert "run for 1 h with a warm-up of 0 s, the line of today for 8 h with 10 min" in words
    words = words_of(study_report(full_study(samples, line, search=search, baseline=runs[0])))
    assert "compare them with care" not in words


def test_names_with_markup_are_escaped(samples):
    line = samples.line(name=BAD, description=BAD)
    schedule = samples.schedule()
    odd = Schedule(
        assignments=tuple(a.replace(job=BAD + a.job) for a in schedule.assignments), instance_name=BAD
    )
    study = full_study(
        samples,
        line,
        warnings=(BAD,),
        notes=(BAD,),
        settings={BAD: BAD},
        commands=(BAD,),
        schedule=samples.result(odd),
        search=samples.result(samples.front(line), solver=BAD),
    )
    text = study_report(study, title=BAD)
    assert '<b>&"' not in text
    assert "<b>&amp;" not in text
    assert BAD in words_of(text)


def test_measures_that_are_not_numbers_have_a_dash(samples, line):
    evaluation = samples.evaluation(line, lead_time=np.array([np.nan] * 5))
    words = words_of(study_report(full_study(samples, line, evaluation=evaluation)))
    assert "Lead time \N{EN DASH} \N{EN DASH}" in words


def test_one_replication_has_means_without_intervals(samples, line):
    text = study_report(full_study(samples, line, evaluation=samples.evaluation(line, 1)))
    assert "How much the replications differ" not in text
    assert "1 replication of 8 h" in words_of(text)


def test_an_evaluation_without_states_has_no_losses(samples, line):
    evaluation = samples.evaluation(line)
    import dataclasses

    bare = dataclasses.replace(evaluation, values={"throughput": evaluation["throughput"]}, warm_up=0.0)
    words = words_of(study_report(full_study(samples, line, evaluation=bare)))
    assert "Losses" not in words
    assert "B1 10 \N{EN DASH} \N{EN DASH}" in words


def test_a_line_without_a_clear_bottleneck_marks_none(samples, line):
    report = samples.bottleneck(line, limited=False, downtimes=False)
    report = report.replace(classical=FrozenMapping({}))
    text = study_report(full_study(samples, line, bottleneck=report))
    assert "◀ bottleneck" not in text
    assert "No station clearly limits the line" in text
    assert "What methods say" not in text


def test_a_variable_that_today_does_not_have_is_a_dash(samples, line):
    front = samples.front(line)
    odd = samples.front(
        line, decisions=tuple(FrozenMapping({"all buffers": 3}) for _ in range(6)), lines=front.lines
    )
    text = study_report(full_study(samples, line, search=samples.result(odd)))
    today = next(r for r in re.findall(r"<tr[^>]*>.*?</tr>", text, re.DOTALL) if ">today<" in r)
    assert today.count("\N{EN DASH}") == 2


def test_servers_of_one_station_stand_together_and_unknown_machines_last(samples, line):
    schedule = samples.schedule()
    moved = {"Filler": "Filler#2", "Packer": "extra"}
    rows = [a.replace(machine=moved[a.machine]) if a.job == "O1" else a for a in schedule.assignments]
    study = full_study(
        samples, line, schedule=samples.result(schedule.replace(assignments=tuple(rows))), instance=None
    )
    text = study_report(study)
    order = [text.rindex(f">{name}</text>") for name in ("Filler#2", "Packer", "extra")]
    assert order == sorted(order)


def test_pictures_that_would_make_the_file_too_large_are_left_out(samples, line):
    many = samples.schedule().assignments * 1500
    study = full_study(samples, line, schedule=samples.result(Schedule(assignments=many)))
    text = study_report(study)
    assert len(text.encode()) < 1_000_000
    assert "The pictures are left out" in text
    assert "<svg" not in text


def test_the_same_study_gives_the_same_report(samples, line):
    assert study_report(full_study(samples, line)) == study_report(full_study(samples, line))


def test_unlimited_buffers_and_buffers_without_a_level_have_their_words(samples, line):
    open_line = line.with_value("B1.capacity", None)
    assert "B1 unlimited" in words_of(study_report(full_study(samples, open_line)))
