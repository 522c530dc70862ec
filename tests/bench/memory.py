"""Memory of a lab machine: the proportional set size of everything below its first process."""

from __future__ import annotations

from pathlib import Path


def children(proc: Path = Path("/proc")) -> dict[int, list[int]]:
    """Give every process's children, by process id."""
    tree: dict[int, list[int]] = {}
    for stat in proc.glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        tree.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    return tree


def descendants(pid: int, tree: dict[int, list[int]]) -> list[int]:
    """Give the process and all below it."""
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue.extend(tree.get(found[-1], ()))
    return found


def pss_bytes(pid: int, proc: Path = Path("/proc")) -> int:
    """Give the proportional set size of one process in bytes (0 for one that is gone, or a kernel thread).

    Source: ``/proc/PID/smaps_rollup``, proc(5); shared pages count once in the sum over all processes.
    """
    try:
        lines = (proc / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def machine_bytes(pid: int) -> dict[str, int]:
    """Give the memory below a machine's first process by systemd unit, the largest first."""
    by_name: dict[str, int] = {}
    for member in descendants(pid, children()):
        try:
            name = _name(member)
        except (FileNotFoundError, ProcessLookupError):
            continue
        by_name[name] = by_name.get(name, 0) + pss_bytes(member)
    return dict(sorted(by_name.items(), key=lambda item: -item[1]))


def _name(pid: int) -> str:
    """Give the systemd unit of a process, or its program's name where it has none of its own."""
    last = Path(f"/proc/{pid}/cgroup").read_text().splitlines()[0].rpartition("/")[2]
    return (
        last.removesuffix(".service")
        if last.endswith((".service", ".scope"))
        else Path(f"/proc/{pid}/comm").read_text().strip()
    )
