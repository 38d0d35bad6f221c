"""HiGHS in a process of its own: ``python -m opt_twin.solvers.highs_process FOLDER``.

The folder holds ``model.lp`` and ``request.json`` (options, and until when to search); the answer is written
to ``answer.json``. The search ends early when the standard input ends.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

__all__ = ["main", "solve_file"]


def solve_file(folder: Path, asked: threading.Event) -> dict[str, Any]:
    """Solve the model in `folder` and return the answer; `asked` ends the search."""
    import highspy

    request = json.loads((folder / "request.json").read_text())
    highs = highspy.Highs()
    for name, value in request["options"].items():
        highs.setOptionValue(name, value)
    if highs.readModel(str(folder / "model.lp")) == highspy.HighsStatus.kError:
        return {"error": "the model cannot be read", "status": "", "values": None}
    highs.setOptionValue("time_limit", max(request["until"] - time.time(), 0.0))
    highs.HandleUserInterrupt = True
    highs.startSolve()
    while not highs.wait(0.05)[0]:
        if asked.is_set():
            highs.cancelSolve()
    return _answer(highs, highspy)


def _answer(highs: Any, highspy: Any) -> dict[str, Any]:
    information = highs.getInfo()
    values = None
    if information.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        names = [highs.getColName(column)[1] for column in range(highs.getNumCol())]
        values = dict(zip(names, map(float, highs.getSolution().col_value), strict=True))
    bound = information.mip_dual_bound
    return {
        "error": "",
        "status": highs.getModelStatus().name,
        "objective": information.objective_function_value if values is not None else None,
        "bound": bound if math.isfinite(bound) else None,
        "values": values,
    }


def main() -> None:
    """Read the folder from the command line and write the answer into it."""
    folder = Path(sys.argv[1])
    asked = threading.Event()

    def listen() -> None:
        while os.read(0, 1024):
            pass
        asked.set()

    threading.Thread(target=listen, daemon=True).start()
    answer = solve_file(folder, asked)
    (folder / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
