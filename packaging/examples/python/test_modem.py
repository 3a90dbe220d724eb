"""Tests of a program for the SIM800, without a SIM800: `pip install sim800 pyserial pytest`, then `pytest`."""

import http.server
import threading

import pytest

from modem import Modem


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


@pytest.fixture
def modem(sim800_emulator):
    modem = Modem(sim800_emulator.port)
    yield modem
    modem.close()


@pytest.fixture
def url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_fetches_a_page(modem, sim800_emulator, url):
    status, text = modem.fetch(url)
    assert status == 200 and "hello" in text
    request = sim800_emulator.wait_for(lambda seen: seen.http is not None).http
    assert (request["method"], request["url"]) == ("GET", url)


def test_tells_that_a_name_is_not_found(modem, sim800_emulator, url):
    sim800_emulator.fault("http 603")
    assert modem.fetch(url) == (603, "")


@pytest.mark.sim800(sim="pin", pin="1234")
def test_unlocks_the_card(modem):
    modem.unlock("1234")
    assert "READY" in modem.command("AT+CPIN?")


@pytest.mark.sim800(signal="3,1", echo=False)
def test_tells_the_signal(modem, sim800_emulator):
    assert modem.command("AT+CSQ") == "\r\n+CSQ: 3,1\r\n\r\nOK\r\n"
    sim800_emulator.set(signal=9)
    assert "+CSQ: 9,0" in modem.command("AT+CSQ")


def test_notices_what_the_firmware_lacks(modem, sim800_emulator):
    with pytest.raises(IOError):
        modem.command("AT+NOSUCH")
    assert sim800_emulator.wait_for(lambda seen: seen.unknown is not None).unknown == "AT+NOSUCH"
    sim800_emulator.write("C:/User/a.bin", b"\x00\xff")
    assert sim800_emulator.read("c:/user/A.BIN") == b"\x00\xff"
    assert "a.bin" in sim800_emulator.files("C:/User")
