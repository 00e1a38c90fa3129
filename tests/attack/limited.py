"""The program under the memory limit that the chart sets, and the stub of an account without one."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 1 << 30
KEYS = {name: f"{name}-key-0123456789abcdef" for name in ("polite", "greedy", "third")}


class Cgroup:
    """A group of this process's own group, with a limit on memory. `how` says what stands in where none can be made."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.procs: Path | None = None
        self.how = f"no memory cgroup can be made here: more than {LIMIT >> 20} MiB resident counts as killed"
        name = f"snowflake-mcp-attack-{os.getpid()}"
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            root = Path("/sys/fs/cgroup/memory") if "memory" in kinds.split(",") else Path("/sys/fs/cgroup")
            if kinds and "memory" not in kinds.split(","):
                continue
            limit = "memory.limit_in_bytes" if kinds else "memory.max"
            folder = root / path.lstrip("/") / name
            try:
                folder.mkdir()
                (folder / limit).write_text(str(LIMIT))
            except OSError:
                if folder.is_dir():
                    folder.rmdir()
                continue
            self.folder, self.procs = folder, folder / "cgroup.procs"
            self.how = f"memory cgroup of {LIMIT >> 20} MiB ({limit})"
            return

    def enter(self) -> None:
        """In the child, before it becomes the program."""
        if self.procs:
            self.procs.write_text(str(os.getpid()))

    def remove(self) -> None:
        if self.folder:
            self.folder.rmdir()


def more_files() -> None:
    """Ten thousand connections are ten thousand files, here and in the server."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running program, and its figures."""

    def __init__(self, program: Path, cgroup: Cgroup, *, is_ready: bool = True, **more: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.port, self.management = free_port(), free_port()
        self.log = Path(self.folder.name, "log")
        settings = {
            "SERVER_PORT": str(self.port),
            "MANAGEMENT_PORT": str(self.management),
            "SERVER_RELOAD": "false",
            "SERVER_WORKERS": "4",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "warn",
            "SHUTDOWN_TIMEOUT": "2s",
        } | more

        def begin() -> None:
            more_files()
            cgroup.enter()

        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program],
                env=settings,
                cwd=self.folder.name,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=begin,
            )
        if is_ready:
            self.wait()

    def wait(self) -> None:
        for _ in range(600):
            if self.probe("/readyz") == 200:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"the server does not get ready:\n{self.log.read_text()[-3000:]}")

    def probe(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.management}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def memory(self, field: str) -> int:
        """MiB."""
        return self.memory_kib(field) // 1024

    def memory_kib(self, field: str) -> int:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        line = next((line for line in status.splitlines() if line.startswith(field + ":")), f"{field}: 0 kB")
        return int(line.split()[1])

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def processor(self) -> float:
        """Seconds it has computed."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()


class Stub:
    """The stub of an account."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1].strip()

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SNOWFLAKE_ACCOUNT": "myorg-myaccount",
            "SNOWFLAKE_USER": "SERVICE",
            "SNOWFLAKE_AUTH_TYPE": "password",
            "SNOWFLAKE_PASSWORD": "correct-horse-battery",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": self.url.rsplit(":", 1)[1].strip("/"),
            "SNOWFLAKE_PROTOCOL": "http",
        }

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url.rstrip("/") + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def fault(self, *faults: dict[str, object]) -> None:
        self.ask("POST", "/stub/faults", list(faults))

    def heal(self) -> None:
        self.ask("DELETE", "/stub/faults")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()
