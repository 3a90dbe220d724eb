"""The installed package against the emulated module and a server of this process."""

import http.server
import tempfile
import threading
import unittest
from pathlib import Path

from sim800 import Module, Sim800Error


class Handler(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_GET(self):
        self.answer(b"secret" if self.headers.get("Authorization") == "sesame" else b"hello", 200)

    def do_POST(self):
        self.seen.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"stored", 201)

    def answer(self, body, status):
        self.send_response(404 if self.path == "/nothing" else status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Wrapper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.server.server_address[1]}"
        cls.module = Module("emulator", timeout=60)

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def test_tells_what_the_module_is(self):
        self.assertIn("SIM800", self.module.info().model)
        self.assertTrue(self.module.at("AT+CSQ")[0].startswith("+CSQ: "))
        self.assertIn("User", [entry.name for entry in self.module.files()])

    def test_fetches_into_memory_and_into_a_file(self):
        response = self.module.get(self.url, headers={"Authorization": "sesame"})
        self.assertEqual((response.status, response.content), (200, b"secret"))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "f")
            self.assertEqual(self.module.get(self.url, path).octets, 5)
            self.assertEqual(path.read_bytes(), b"hello")

    def test_posts_any_bytes(self):
        data = bytes(range(256)) + b"\r\nOK\r\n"
        response = self.module.post(self.url, data)
        self.assertEqual((response.status, response.content), (201, b"stored"))
        self.assertEqual(Handler.seen, [data])

    def test_says_what_failed(self):
        with self.assertRaises(Sim800Error) as caught:
            self.module.get(self.url + "/nothing")
        self.assertEqual((caught.exception.kind, caught.exception.code), ("http-status", 404))
        with self.assertRaises(Sim800Error) as caught:
            self.module.ftp_size("ftp://127.0.0.1:1/x", password="sesame")
        self.assertNotIn("sesame", str(caught.exception.result))


if __name__ == "__main__":
    unittest.main()
