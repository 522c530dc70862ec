"""The text of a dump: which line belongs where, and what of it changes under another name."""

from __future__ import annotations

import pytest

from backup.restore.dump_text import MARK, digest_parts, events_alone, find_definers, rename

DUMP = b"""\
/*M!999999\\- enable the sandbox mode */
-- MariaDB dump 10.19
--
-- Host: db    Database: registry
-- ------------------------------------------------------
/*!40101 SET NAMES utf8mb4 */;

--
-- Current Database: `registry`
--

CREATE DATABASE /*!32312 IF NOT EXISTS*/ `registry` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;

USE `registry`;

--
-- Dumping data for table `clinics`
--

INSERT INTO `clinics` VALUES
(1,'USE `registry`; DEFINER=`somebody`@`%`');
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 trigger t before insert on clinics for each row
USE `registry`;
*/;;

--
-- Dumping events for database 'registry'
--
/*!50106 CREATE*/ /*!50117 DEFINER=`clock`@`localhost`*/ /*!50106 EVENT `nightly` ON SCHEDULE EVERY 1 DAY DO select 1 */ ;;

--
-- Dumping routines for database 'registry'
--

--
-- Current Database: `registry`
--

USE `registry`;
-- Dump completed on 2026-11-26 16:16:49
""".splitlines(keepends=True)
NAMES = {"registry": "registry_restored"}


def test_only_what_makes_and_chooses_the_schema_is_renamed() -> None:
    text = b"".join(rename(DUMP, NAMES)).decode()
    made = "CREATE DATABASE `registry_restored` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\nUSE `registry_restored`;\n"
    assert f"{made}CREATE TABLE `{MARK}` (`id` int) ENGINE=InnoDB;\n" in text
    assert text.count("USE `registry_restored`;\n") == 3
    assert "(1,'USE `registry`; DEFINER" in text
    assert "for each row\nUSE `registry`;\n" in text
    assert "EVENT" not in text


def test_events_come_alone_into_their_schema() -> None:
    text = b"".join(events_alone(DUMP, NAMES)).decode()
    assert "SET NAMES" in text
    assert text.index("USE `registry_restored`") < text.index("EVENT `nightly`")
    assert "INSERT" not in text


def test_a_dump_under_another_name_is_the_same_until_something_of_it_changes() -> None:
    renamed = [line.replace(b"`registry`", b"`registry_restored`").replace(b"'registry'", b"'registry_restored'")
               if line.startswith((b"-- ", b"CREATE DATABASE", b"USE")) else line for line in DUMP]  # fmt: skip
    renamed[renamed.index(b"USE `registry_restored`;\n", 20)] = b"USE `registry`;\n"  # the one in the trigger
    told = digest_parts(DUMP, NAMES)
    assert digest_parts(renamed, {}) == told
    changed = [line.replace(b"(1,", b"(2,") for line in renamed]
    assert {key for key, each in digest_parts(changed, {}).items() if told[key] != each} == {
        ("registry_restored", "Dumping data for table `clinics`")
    }


def test_a_schema_that_nobody_told_of_is_refused() -> None:
    with pytest.raises(ValueError, match="a schema registry that its description does not tell"):
        list(rename(DUMP, {"other": "other_restored"}))


def test_who_things_run_as_is_found_and_data_is_not_asked() -> None:
    assert find_definers(DUMP) == {"root", "clock"}
