"""Every solver of ours keeps what the conformance suite asks of plug-ins."""

import pytest

from opt_twin.scheduling.cpsat import CpSatSolver
from opt_twin.scheduling.dispatching import DispatchingSolver
from opt_twin.scheduling.milp import MilpSolver
from opt_twin.scheduling.solve import AutoSolver
from opt_twin.testing import SchedulingSolverSuite


class TestCpSat(SchedulingSolverSuite):
    @pytest.fixture
    def solver(self):
        return CpSatSolver()


class TestAuto(SchedulingSolverSuite):
    @pytest.fixture
    def solver(self):
        return AutoSolver()


class TestDispatching(SchedulingSolverSuite):
    exact = False

    @pytest.fixture
    def solver(self):
        return DispatchingSolver()


class TestMilp(SchedulingSolverSuite):
    @pytest.fixture
    def solver(self):
        return MilpSolver()
