"""Every way in which restic ends means one thing for its version; what nobody knows is a failure."""

from __future__ import annotations

import pytest

from backup.command import Completed
from backup.ending import Ending, Version, explain, judge
from tenants.installation import repository

ASKED = "Is there a repository at the following location?\nrest:https://health:***@10.0.0.1:8000/health/\n"
UNABLE = "Fatal: unable to open config file: "
OLD, NEW = (0, 14, 0), (0, 19, 1)


def ended(code: int, stderr: str = "") -> Completed:
    return Completed(("restic",), code, b"", stderr, 0.1)


@pytest.mark.parametrize(
    ("code", "version", "meaning"),
    [
        (0, OLD, Ending.OK),
        (1, NEW, Ending.FAILED),
        (2, OLD, Ending.CRASHED),
        (3, OLD, Ending.INCOMPLETE),
        (10, OLD, Ending.UNKNOWN),
        (10, (0, 17, 0), Ending.NO_REPOSITORY),
        (11, NEW, Ending.LOCKED),
        (12, (0, 17, 0), Ending.UNKNOWN),
        (12, (0, 17, 1), Ending.WRONG_PASSWORD),
        (127, OLD, Ending.NOT_INSTALLED),
        (130, OLD, Ending.CANCELLED),
        (-9, OLD, Ending.KILLED),
        (77, NEW, Ending.UNKNOWN),
    ],
)
def test_a_code_means_what_it_meant_in_its_version(code: int, version: Version, meaning: Ending) -> None:
    assert judge(ended(code), version) is meaning


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        (UNABLE + "<config/> does not exist\n" + ASKED, Ending.NO_REPOSITORY),
        (UNABLE + "stat /srv/vault/health/config: no such file or directory\n" + ASKED, Ending.NO_REPOSITORY),
        (UNABLE + "unexpected HTTP response (403): 403 Forbidden\n" + ASKED, Ending.REFUSED),
        (UNABLE + "unexpected HTTP response (401): 401 Unauthorized\n" + ASKED, Ending.REFUSED),
        (UNABLE + 'client.Head: Head "https://x": dial tcp 10.0.0.1:8000: connect: connection refused\n', Ending.FAILED),
        (UNABLE + 'client.Head: Head "https://x": x509: certificate signed by unknown authority\n' + ASKED, Ending.FAILED),
        ("Fatal: wrong password or no key found\n", Ending.WRONG_PASSWORD),
        ("unable to create lock in backend: repository is already locked by PID 7 on a by root\n", Ending.LOCKED),
        ("Save(<data/ab>) returned error: write /srv/ab: no space left on device\n", Ending.FULL),
        ("Fatal: repository contains errors\n", Ending.DAMAGED),
    ],
)
def test_the_words_of_a_version_that_has_one_code_for_all(said: str, meaning: Ending) -> None:
    assert judge(ended(1, said), OLD) is meaning


def test_a_program_that_was_stopped_failed_whatever_its_code() -> None:
    assert judge(Completed(("restic",), 0, b"", "", 60.0, timed_out=True), NEW) is Ending.STOPPED


def test_only_success_explains_nothing() -> None:
    assert explain(ended(0), OLD) == ""
    for code in (1, 2, 3, 10, 11, 12, 77, 127, 130, -9):
        assert explain(ended(code, "ab12 is gone"), OLD).endswith(("ab12 is gone", "restic is not installed"))


def test_the_runbook_says_what_to_do_for_every_failure() -> None:
    runbook = (repository() / "runbooks" / "alerts" / "BackupFailed.md").read_text(encoding="utf-8")
    assert [e for e in Ending if e is not Ending.OK and e not in runbook] == []
