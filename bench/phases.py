"""One timed piece of work of one tool, and what it cost: wall and CPU time, memory, bytes written, bytes it added to its store."""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import define, field, frozen

_TICKS = os.sysconf("SC_CLK_TCK")
_BLOCK_BYTES = 512
#: Written to /proc/PID/clear_refs this makes the kernel forget the process's peak memory.
_FORGET_PEAK = "5"
_PIECE_BYTES = 1 << 24


@frozen(kw_only=True)
class Phase:
    """What is timed."""

    name: str
    work: Callable[[], object]
    #: File that is in the page cache when it begins.
    warm: Path
    #: Folder or file whose growth is what the phase stored.
    store: Path | None = None
    #: Processes that work beside the commands: their CPU time, memory and writes count.
    servers: tuple[int, ...] = ()


@frozen(kw_only=True)
class Sample:
    """What one run of a phase cost."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    written_bytes: int
    stored_bytes: int


@define
class Commands:
    """Runs programs and remembers what they cost."""

    environment: Mapping[str, str] = field(factory=lambda: dict(os.environ))
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    written_bytes: int = 0

    def run(self, *command: str | Path, folder: Path | None = None) -> None:
        """Run one; raise when it fails."""
        process = subprocess.Popen(
            [str(part) for part in command],
            env=self.environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        errors = process.stderr.read().decode(errors="replace")
        process.stderr.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self._count(used)
        if process.returncode != 0:
            message = f"{' '.join(map(str, command))} ended with {process.returncode}: {errors[-1000:]}"
            raise RuntimeError(message)

    def _count(self, used: resource.struct_rusage) -> None:
        self.cpu_seconds += used.ru_utime + used.ru_stime
        self.peak_bytes = max(self.peak_bytes, used.ru_maxrss * 1024)
        self.written_bytes += used.ru_oublock * _BLOCK_BYTES


def measure(phase: Phase, commands: Commands, folder: Path) -> Sample:
    """Run *phase*, whose programs *commands* runs; what it wrote below *folder* is on the disk before the clock stops."""
    _read_whole(phase.warm)
    stored = _size_of(phase.store)
    for pid in phase.servers:
        Path(f"/proc/{pid}/clear_refs").write_text(_FORGET_PEAK, encoding="ascii")
    commands.cpu_seconds, commands.peak_bytes, commands.written_bytes = 0.0, 0, 0
    cpu, written = sum(map(_cpu_seconds, phase.servers)), sum(map(_written_bytes, phase.servers))
    start = time.perf_counter()
    phase.work()
    subprocess.run(["sync", "-f", str(folder)], check=True)
    seconds = time.perf_counter() - start
    return Sample(
        seconds=seconds,
        cpu_seconds=commands.cpu_seconds + sum(map(_cpu_seconds, phase.servers)) - cpu,
        peak_bytes=max([commands.peak_bytes, *map(_peak_bytes, phase.servers)]),
        written_bytes=commands.written_bytes + sum(map(_written_bytes, phase.servers)) - written,
        stored_bytes=_size_of(phase.store) - stored,
    )


def _read_whole(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(_PIECE_BYTES):
            pass


def _size_of(store: Path | None) -> int:
    if store is None or not store.exists():
        return 0
    return int(subprocess.run(["du", "-sB1", str(store)], check=True, capture_output=True, text=True).stdout.split()[0])


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_bytes(pid: int) -> int:
    return _fact(Path(f"/proc/{pid}/status"), "VmHWM:") * 1024


def _written_bytes(pid: int) -> int:
    return _fact(Path(f"/proc/{pid}/io"), "write_bytes:")


def _fact(path: Path, name: str) -> int:
    return next(int(line.split()[1]) for line in path.read_text(encoding="ascii").splitlines() if line.startswith(name))
