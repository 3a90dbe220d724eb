"""Move files with a SIM800-series GSM module.

The work is done by the program ``sim800``, which comes with this package; each call runs it once.

    >>> from sim800 import Module
    >>> module = Module("/dev/ttyUSB0", apn="internet")
    >>> module.get("http://example.com/").content
    b'<!doctype html>...'
    >>> module.ftp_put("photo.jpg", "ftp://user@example.com/photo.jpg", password="sesame")

``Module("emulator")`` is a module within the program, whose requests go over the network of this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

__all__ = ["Entry", "Info", "Module", "Response", "Sim800Error", "find_program"]

StrPath = Union[str, "os.PathLike[str]"]


class Sim800Error(Exception):
    """A transfer, or anything else that the program was to do, failed.

    ``kind`` names the failure for programs, ``code`` is the module's or the server's number where there is one. ``sent`` says of
    what must not be done twice whether the server may have got it: ``"no"`` or ``"unknown"``.
    """

    def __init__(self, message: str, kind: str, code: Optional[int], sent: Optional[str], result: Mapping[str, Any]):
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.sent = sent
        self.result = result
        """All that the program said."""


@dataclass(frozen=True)
class Info:
    """What the module is, and how it stands with the network."""

    model: Optional[str]
    revision: Optional[str]
    imei: Optional[str]
    operator: Optional[str]
    registration: Optional[str]
    signal_dbm: Optional[int]


@dataclass(frozen=True)
class Response:
    """A server's answer. ``content`` is ``None`` where it went to a file; ``octets`` is how long it is."""

    status: int
    octets: int
    retries: int
    content: Optional[bytes]


@dataclass(frozen=True)
class Entry:
    """What is in a directory of the module's own file system."""

    name: str
    is_directory: bool


def find_program() -> str:
    """Where the program is: in this environment, beside this package, or in ``PATH``."""
    name = "sim800" + (sysconfig.get_config_var("EXE") or "")
    schemes = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", "posix_user")]
    # Below the folder that `pip install --target` was told.
    folders = [*filter(None, schemes), str(Path(__file__).resolve().parent.parent / "bin"), *os.get_exec_path()]
    for folder in folders:
        path = Path(folder, name)
        if path.is_file():
            return str(path)
    raise FileNotFoundError(f"{name} is in none of {', '.join(folders)}")


class Module:
    """A module on ``port``: a serial device, a pty, ``tcp://HOST:PORT``, or ``emulator``.

    ``options`` are more of the program's options, such as ``["--trace", "line.jsonl"]``. ``timeout`` is how many seconds a call
    may take; the program is interrupted then, so that it puts back what it began.
    """

    def __init__(
        self,
        port: str,
        *,
        apn: Optional[str] = None,
        baud: Optional[int] = None,
        retries: Optional[int] = None,
        timeout: Optional[float] = None,
        options: Sequence[str] = (),
    ):
        self._options = ["--json", "--port", port]
        for name, value in (("--apn", apn), ("--baud", baud), ("--retries", retries)):
            if value is not None:
                self._options += [name, str(value)]
        self._options += options
        self._timeout = timeout

    def run(
        self, arguments: Sequence[str], *, data: Optional[bytes] = None, environment: Optional[Mapping[str, str]] = None
    ) -> dict[str, Any]:
        """Runs the program with ``arguments``, and ``data`` as its input. Returns the object it prints.

        Raises :class:`Sim800Error` when the program failed, and :class:`subprocess.TimeoutExpired` when it took too long.
        """
        process = subprocess.Popen(
            [find_program(), *self._options, *arguments],
            stdin=subprocess.DEVNULL if data is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        with process:
            try:
                output, complaint = process.communicate(data, self._timeout)
            except BaseException:
                process.terminate()
                try:
                    process.communicate(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()
                raise
        try:
            result = json.loads(output)
        except ValueError:
            message = complaint.decode(errors="replace").strip() or f"sim800 ended with {process.returncode}"
            raise Sim800Error(message, "program", process.returncode, None, {}) from None
        if not result.get("ok"):
            error = result.get("error") or {}
            message = error.get("message", "sim800 failed")
            raise Sim800Error(message, error.get("kind", "program"), error.get("code"), error.get("sent"), result)
        return result

    def info(self) -> Info:
        """Asks for model, firmware, serial number, operator and signal."""
        result = self.run(["info"])
        return Info(**{field: result.get(field) for field in Info.__dataclass_fields__})

    def at(self, command: str) -> list[str]:
        """Sends one command line, such as ``AT+CSQ``, and returns the lines of the response without its result code."""
        return list(self.run(["at", command])["lines"])

    def get(
        self,
        url: str,
        path: Optional[StrPath] = None,
        *,
        headers: Mapping[str, str] = {},
        resume: bool = False,
        options: Sequence[str] = (),
    ) -> Response:
        """Fetches ``url`` into the file ``path``, or into memory without one."""
        arguments = ["http", "get", *(["--resume"] if resume else []), *options]
        return self._exchange(arguments, url, path, headers, None)

    def post(
        self,
        url: str,
        data: bytes,
        path: Optional[StrPath] = None,
        *,
        content_type: str = "application/octet-stream",
        headers: Mapping[str, str] = {},
        options: Sequence[str] = (),
    ) -> Response:
        """Sends ``data``, at most 319,488 bytes, to ``url``. The program never sends it twice."""
        arguments = ["http", "post", "--content-type", content_type, "--data-file", "-", *options]
        return self._exchange(arguments, url, path, headers, data)

    def _exchange(
        self,
        arguments: list[str],
        url: str,
        path: Optional[StrPath],
        headers: Mapping[str, str],
        data: Optional[bytes],
    ) -> Response:
        with tempfile.TemporaryDirectory(prefix="sim800-") as folder:
            body = Path(folder, "body") if path is None else Path(path)
            if headers:
                # In a file, as other users see the arguments of a program.
                secret = Path(folder, "headers")
                secret.write_text("".join(f"{name}: {value}\n" for name, value in headers.items()))
                arguments = [*arguments, "--header", f"@{secret}"]
            result = self.run([*arguments, "--output", str(body), url], data=data)
            content = (body.read_bytes() if body.exists() else b"") if path is None else None
        return Response(result["status"], result["octets"], result.get("retries", 0), content)

    def ftp_get(
        self, url: str, path: StrPath, *, password: Optional[str] = None, resume: bool = False, options: Sequence[str] = ()
    ) -> int:
        """Fetches the file at ``url`` into the file ``path``; returns how many bytes."""
        arguments = ["ftp", "get", *(["--resume"] if resume else []), *options, "--output", os.fspath(path), url]
        return int(self._ftp(arguments, password)["octets"])

    def ftp_put(
        self,
        path: StrPath,
        url: str,
        *,
        password: Optional[str] = None,
        append: bool = False,
        resume: bool = False,
        options: Sequence[str] = (),
    ) -> int:
        """Stores the file ``path`` at ``url``; returns how many bytes were sent."""
        chosen: Iterable[str] = [
            option for option, is_wanted in (("--append", append), ("--resume", resume)) if is_wanted
        ]
        return int(self._ftp(["ftp", "put", *chosen, *options, os.fspath(path), url], password)["octets"])

    def ftp_size(self, url: str, *, password: Optional[str] = None) -> int:
        """Asks how long the file at ``url`` is."""
        return int(self._ftp(["ftp", "size", url], password)["octets"])

    def ftp_remove(self, url: str, *, password: Optional[str] = None) -> None:
        """Deletes the file at ``url``."""
        self._ftp(["ftp", "rm", url], password)

    def files(self, directory: Optional[str] = None) -> list[Entry]:
        """What is in a directory of the module's own file system, such as ``C:\\\\User``."""
        result = self.run(["fs", "ls", *([directory] if directory else [])])
        return [Entry(entry["name"], entry["directory"]) for entry in result["entries"]]

    def _ftp(self, arguments: list[str], password: Optional[str]) -> dict[str, Any]:
        return self.run(arguments, environment={} if password is None else {"SIM800_FTP_PASSWORD": password})
