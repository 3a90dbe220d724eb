"""The fixture ``sim800_emulator``: an emulated module for each test.

    import pytest, serial

    @pytest.mark.sim800(sim="pin", pin="1234", faults=["drop 3 after 100"])
    def test_unlocks(sim800_emulator):
        port = serial.Serial(sim800_emulator.port, timeout=5)

The marker's arguments are those of :class:`sim800.emulator.Emulator`. Without the marker, the module is the usual one without
delays.
"""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from .emulator import Emulator

_MARKER = "sim800(**knobs): how the module of the fixture sim800_emulator is, such as sim='none' or faults=['http 603']"


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def sim800_emulator(request: Any) -> Iterator[Emulator]:
    """An emulated module that is there for one test; ``@pytest.mark.sim800(...)`` sets its knobs."""
    knobs: dict[str, Any] = {"latency": "none"}
    # The nearest last.
    for marker in reversed(list(request.node.iter_markers("sim800"))):
        knobs.update(marker.kwargs)
    with Emulator(**knobs) as emulator:
        yield emulator
