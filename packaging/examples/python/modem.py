"""A program that talks to a SIM800: what is tested in `test_modem.py`."""

import serial


class Modem:
    def __init__(self, port: str):
        self._port = serial.Serial(port, 115200, timeout=5)

    def close(self) -> None:
        self._port.close()

    def command(self, line: str, end: bytes = b"\r\nOK\r\n") -> str:
        self._port.write(line.encode() + b"\r")
        answer = b""
        while not answer.endswith(end):
            octet = self._port.read(1)
            answer += octet
            if not octet or answer.endswith(b"ERROR\r\n"):
                raise IOError(f"{line}: {answer!r}")
        return answer.decode()

    def unlock(self, pin: str) -> None:
        if "+CPIN: SIM PIN" in self.command("AT+CPIN?"):
            self.command(f"AT+CPIN={pin}", b"SMS Ready\r\n")

    def fetch(self, url: str) -> tuple[int, str]:
        """The status and the text of a page."""
        for line in ('AT+SAPBR=3,1,"CONTYPE","GPRS"', "AT+SAPBR=1,1", "AT+HTTPINIT", 'AT+HTTPPARA="CID",1'):
            self.command(line)
        self.command(f'AT+HTTPPARA="URL","{url}"')
        self.command("AT+HTTPACTION=0")
        result = b""
        while not result.strip() or not result.endswith(b"\r\n"):
            octet = self._port.read(1)
            if not octet:
                raise IOError("no answer")
            result += octet
        _, status, length = result.decode().strip().split(": ")[1].split(",")
        text = self.command("AT+HTTPREAD") if int(length) else ""
        self.command("AT+HTTPTERM")
        return int(status), text
