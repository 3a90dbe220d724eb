"""An emulated SIM800 module for tests: the program ``sim800 emulate``, and its control channel.

    >>> from sim800.emulator import Emulator
    >>> with Emulator(signal=7, latency="none") as module:
    ...     port = serial.Serial(module.port)
    ...     module.inject("RING")
    ...     module.wait_for(lambda seen: seen.line == "AT+CSQ")

The knobs are those of ``sim800 emulate --help``, with underscores for hyphens.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from . import find_program

__all__ = ["ControlError", "Emulator", "Seen"]

Knob = Union[str, int, float, bool]

_START = 30.0
"""How long a start may take, in seconds."""


class ControlError(Exception):
    """The emulated module cannot do what it was asked for; the message says why."""


@dataclass(frozen=True)
class Seen:
    """Something that the module saw. Of what it is, one is set."""

    number: int
    time: float
    """In seconds since the module was made."""
    line: Optional[str] = None
    """A command line, as it was sent: it may hold secrets."""
    unknown: Optional[str] = None
    """A command that the module does not have. Each is told once."""
    http: Optional[Mapping[str, Any]] = None
    """A request: ``method``, ``url``, ``headers``, ``body`` or ``body_base64``, ..."""
    ftp: Optional[Mapping[str, Any]] = None
    """A session: ``action``, ``server``, ``user``, ``path``, ``name``, ..."""
    socket: Optional[Mapping[str, Any]] = None
    """A connection: ``transport``, ``host``, ``port``."""
    lookup: Optional[str] = None
    """A host that was looked up, or asked for the time."""
    sent: Optional[bytes] = None
    """What went to an FTP server, or through a socket."""
    power: Optional[bool] = None
    """The module has been switched on, or off."""

    @classmethod
    def _of(cls, entry: Mapping[str, Any]) -> "Seen":
        names = ("line", "unknown", "http", "ftp", "socket", "lookup")
        what: dict[str, Any] = {name: entry[name] for name in names if name in entry}
        if "sent" in entry:
            what["sent"] = _octets(entry["sent"])
        if "power" in entry:
            what["power"] = entry["power"] == "on"
        return cls(entry["n"], entry["t"], **what)


class Emulator:
    """An emulated module that is there until it is closed.

    ``knobs`` are set before it starts (``sim="pin", pin="1234"``), ``faults`` are as ``--fault`` has them, ``scenario`` is a file.
    ``fs`` is a folder for the module's files. ``tcp`` offers a TCP port instead of a pty. ``options`` are more of the program's
    options, such as ``["--trace", "line.jsonl"]``.
    """

    port: str
    """What to open: a path for pyserial and others, or ``tcp://HOST:PORT``."""

    def __init__(
        self,
        *,
        faults: Sequence[str] = (),
        scenario: Union[str, Path, None] = None,
        fs: Union[str, Path, None] = None,
        tcp: bool = False,
        options: Sequence[str] = (),
        **knobs: Knob,
    ):
        self._folder = tempfile.TemporaryDirectory(prefix="sim800-")
        place = ["--tcp", "127.0.0.1:0"] if tcp else ["--pty", str(Path(self._folder.name, "modem"))]
        arguments = ["--json", "emulate", *place, "--control", "unix:" + str(Path(self._folder.name, "control"))]
        for name, value in knobs.items():
            text = ("on" if value else "off") if isinstance(value, bool) else str(value)
            arguments.append(f"--{name.replace('_', '-')}={text}")
        for fault in faults:
            arguments += ["--fault", fault]
        for name, path in (("--scenario", scenario), ("--fs", fs)):
            if path is not None:
                arguments += [name, str(path)]
        try:
            self._process = subprocess.Popen(
                [find_program(), *arguments, *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except BaseException:
            self._folder.cleanup()
            raise
        try:
            assert self._process.stdout is not None
            told = json.loads(self._process.stdout.readline() or b"{}")
            if not told.get("ok"):
                raise ControlError(told.get("error", {}).get("message", "sim800 emulate did not start"))
            self.port = told["port"]
            self._channel = socket.socket(socket.AF_UNIX)
            self._channel.settimeout(_START)
            self._channel.connect(told["control"].removeprefix("unix:"))
            self._answers = self._channel.makefile("rb")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the module."""
        for thing in ("_answers", "_channel"):
            if hasattr(self, thing):
                getattr(self, thing).close()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._folder.cleanup()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Sends one request as the control channel has it, and returns the answer. Raises :class:`ControlError`."""
        # Longer than any request waits.
        self._channel.settimeout(90)
        self._channel.sendall(json.dumps(request).encode() + b"\n")
        line = self._answers.readline()
        if not line:
            raise ControlError("the emulated module has ended")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise ControlError(answer["error"])
        return answer

    def set(self, **knobs: Knob) -> None:
        """Sets knobs while the module runs, all or none of them."""
        self.ask({"set": {name.replace("_", "-"): value for name, value in knobs.items()}})

    def fault(self, what: str) -> None:
        """Lets something go wrong, such as ``"drop 3 after 100"`` or ``"http 603"``."""
        self.ask({"fault": what})

    def inject(self, line: str, place: str = "now") -> None:
        """Says an unsolicited line: ``now``, ``before-response`` or ``before-result``.

        Nobody hears it before your program has opened the port: let that have an answer to one command first.
        """
        self.ask({"inject": {"text": line, "place": place}})

    def message(self, text: str) -> None:
        """A short message arrives."""
        self.ask({"message": text})

    def power(self, what: str) -> None:
        """``on`` presses the power key of a module that is off; ``off``; ``restart``."""
        self.ask({"power": what})

    def seen(self, since: int = 0, wait: float = 0) -> list[Seen]:
        """What the module saw from entry ``since`` on; waits up to so many seconds for the first."""
        return [Seen._of(entry) for entry in self.ask({"seen": {"since": since, "wait": wait}})["seen"]]

    def wait_for(self, is_it: Callable[[Seen], bool], timeout: float = 10, since: int = 0) -> Seen:
        """Waits until the module has seen what ``is_it`` says. Raises :class:`TimeoutError`."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            for seen in self.seen(since, max(0.0, min(left, 60.0))):
                since = seen.number + 1
                if is_it(seen):
                    return seen
            if left <= 0:
                raise TimeoutError(f"the module did not see it within {timeout} s")

    def read(self, path: str) -> bytes:
        """A file of the module, such as ``C:/User/a.txt``."""
        return _octets(self.ask({"read": path}))

    def write(self, path: str, content: bytes) -> None:
        """Makes a file of the module, and its directory."""
        self.ask({"write": {"path": path, "base64": base64.b64encode(content).decode()}})

    def remove(self, path: str) -> None:
        """Removes a file of the module, or an empty directory."""
        self.ask({"remove": path})

    def files(self, directory: str = "C:/") -> list[str]:
        """The names in a directory of the module."""
        return [entry["name"] for entry in self.ask({"list": directory})["entries"]]

    @property
    def is_on(self) -> bool:
        """Whether the module's serial port is awake."""
        return bool(self.ask({"state": {}})["on"])


def _octets(answer: Mapping[str, Any]) -> bytes:
    return answer["text"].encode() if "text" in answer else base64.b64decode(answer["base64"])
