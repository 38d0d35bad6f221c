"""HiGHS in a process of its own: ``python -m opt_twin.solvers.highs_process FOLDER``.

The folder holds ``model.lp``, or ``model.npz`` with the arrays of a sparse model, and ``request.json``
(options, and until when to search). The answer is written to ``answer.json``, the values of a sparse model
to ``values.npy``. The search ends early when the standard input ends.
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
    sparse = folder / "model.npz"
    if sparse.exists():
        status = highs.passModel(_sparse(sparse, highspy))
    else:
        status = highs.readModel(str(folder / "model.lp"))
    if status == highspy.HighsStatus.kError:
        return {"error": "the model cannot be read", "status": "", "objective": None, "values": None}
    highs.setOptionValue("time_limit", max(request["until"] - time.time(), 0.0))
    highs.HandleUserInterrupt = True
    highs.startSolve()
    while not highs.wait(0.05)[0]:
        if asked.is_set():
            highs.cancelSolve()
    return _answer(highs, highspy, folder / "values.npy" if sparse.exists() else None)


def _sparse(file: Path, highspy: Any) -> Any:
    """Return the linear program of highspy with the arrays in `file`."""
    import numpy as np

    arrays = np.load(file)
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(arrays["cost"]), len(arrays["row_lower"])
    program.col_cost_, program.col_lower_, program.col_upper_ = (
        arrays[name] for name in ("cost", "lower", "upper")
    )
    program.row_lower_, program.row_upper_ = arrays["row_lower"], arrays["row_upper"]
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_, program.a_matrix_.index_ = arrays["starts"], arrays["rows"]
    program.a_matrix_.value_ = arrays["values"]
    kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
    program.integrality_ = [kinds[whole] for whole in arrays["integer"].astype(int)]
    return program


def _answer(highs: Any, highspy: Any, file: Path | None) -> dict[str, Any]:
    """Return what HiGHS found; the values are written to `file` where there is one, else named."""
    information = highs.getInfo()
    values = None
    solved = information.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if solved and file is not None:
        import numpy as np

        np.save(file, np.array(highs.getSolution().col_value))
    elif solved:
        names = [highs.getColName(column)[1] for column in range(highs.getNumCol())]
        values = dict(zip(names, map(float, highs.getSolution().col_value), strict=True))
    bound = information.mip_dual_bound
    return {
        "error": "",
        "status": highs.getModelStatus().name,
        "objective": information.objective_function_value if solved else None,
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
