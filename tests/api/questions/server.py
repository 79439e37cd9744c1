"""A server of its own for a data set, and questions sent to it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

#: How many questions are sent in one request.
BATCH = 100


class Server:
    """A server with a data set, running within a `with` block."""

    def __init__(self, binary: Path, folder: Path, database_url: str | None):
        """Load the data package in a folder; its database is kept there, too, if none is named."""
        self.binary = binary
        self.log = folder / "server.log"
        self.database = ["--database-url", database_url or f"sqlite://{folder}/questions.db"]
        command = [binary, "import", folder, *self.database]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the data set could not be loaded:\n{done.stdout}{done.stderr}")

    def __enter__(self) -> Server:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        self.url = f"http://{address}/graphql"
        command = [
            self.binary, "serve", *self.database, "--listen", address, "--batch-max", str(BATCH),
            "--result-cache", "0", "--request-timeout", "300",
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait()

    def wait(self) -> None:
        """Wait until the server answers."""
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                self.send([{"query": "{ __typename }"}])
                return
            except urllib.error.URLError:
                time.sleep(0.1)
        raise SystemExit(f"the server did not start:\n{self.log.read_text()}")

    def send(self, requests: list[dict]) -> list[dict]:
        """Send up to `BATCH` questions at once; the answers come in their order."""
        request = urllib.request.Request(
            self.url, json.dumps(requests).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=600) as response:
            return json.load(response)
