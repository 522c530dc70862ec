from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.lab.process import find_running, group_mounts, group_paths, make_groups, remove_groups, started_at

V1 = """\
30 29 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 29 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 29 0:28 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
33 29 0:29 / /sys/fs/cgroup/unified rw,relatime shared:4 - cgroup2 cgroup2 rw
"""


def test_a_host_of_the_old_hierarchy_gives_those_that_count() -> None:
    assert group_mounts(V1) == {
        "memory": Path("/sys/fs/cgroup/memory"),
        "systemd": Path("/sys/fs/cgroup/systemd"),
        "unified": Path("/sys/fs/cgroup/unified"),
    }


def test_a_host_of_the_new_hierarchy_gives_one() -> None:
    assert group_mounts("30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n") == {
        "unified": Path("/sys/fs/cgroup")
    }


def test_every_process_is_in_some_group() -> None:
    assert all(path.startswith("/") for path in group_paths("self").values())


def test_what_was_never_booted_does_not_run(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None


def test_a_process_that_is_gone_has_no_start() -> None:
    assert started_at(2**22 + 1) is None
    assert started_at(os.getpid()) is not None


def test_machines_that_start_and_end_together_do_not_take_each_others_groups(tmp_path: Path) -> None:
    def start_and_end(machine: str) -> None:
        groups = [tmp_path / "memory/oneroof/lab" / machine, tmp_path / "systemd/oneroof/lab" / machine]
        for _ in range(1000):
            make_groups(groups)
            assert all(group.is_dir() for group in groups)
            remove_groups(groups)

    with ThreadPoolExecutor() as pool:
        list(pool.map(start_and_end, ["site-a", "site-b", "site-c"]))
    assert not (tmp_path / "memory/oneroof").exists()
