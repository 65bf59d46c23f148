"""The product as a process that can be killed, behind a line that can swallow answers."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress

START_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """uvicorn at one port, with the environment of this process."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--log-level", "error"]
        self.process = subprocess.Popen([*command, "--port", str(self.port)], env=os.environ.copy())
        deadline_s = time.monotonic() + START_S
        while time.monotonic() < deadline_s:
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/login/", timeout=5).close()
                return
            time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """As a power cut does it: nothing is finished."""
        if self.process:
            self.process.kill()
            self.process.wait()


class Line:
    """A TCP proxy. `swallow(n)`: the server does what the next n POSTs ask, and nobody hears of it."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = free_port()
        self.swallowed = 0
        self._left = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def swallow(self, answers: int) -> None:
        with self._lock:
            self._left = answers

    def _accept(self) -> None:
        while True:
            client, _address = self._listener.accept()
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """One connection; requests on it come one after the other."""
        asked = {"method": b""}
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.target_port)) as server:
            threading.Thread(target=self._requests, args=(client, server, asked), daemon=True).start()
            while answer := server.recv(65536):
                if asked["method"] == b"POST" and self._swallows():
                    return
                client.sendall(answer)

    def _requests(self, client: socket.socket, server: socket.socket, asked: dict[str, bytes]) -> None:
        with suppress(OSError):
            while request := client.recv(65536):
                method = request.split(b" ", 1)[0]
                if method in (b"GET", b"POST"):
                    asked["method"] = method
                server.sendall(request)
            server.shutdown(socket.SHUT_WR)

    def _swallows(self) -> bool:
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            self.swallowed += 1
            return True
