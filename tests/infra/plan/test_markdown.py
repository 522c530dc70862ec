"""The comment on a pull request: warnings first, and nothing that a department wrote can leave its place."""

from __future__ import annotations

import pytest

from infra.plan.document import CapacityLeft, Cost, DepartmentPlan, PlanStep, build_plan
from infra.plan.markdown import LONGEST_TABLE, escape, render_markdown

CORES = PlanStep("update", "oneroof:compute:Quota", "prod", "compute quota prod", "limits.cores", 8, 4, 3)
COST = Cost(4, 2048, 0.25, 76.14, 665.44, "CNY", example=True)
PARKS = DepartmentPlan(
    "parks",
    "changes",
    (CORES,),
    replaced=("Server prod/web (flavor)",),
    data_lost=("root disk of server prod/web",),
    cost=COST,
)
PLAN = build_plan(
    "oneroof",
    [PARKS, DepartmentPlan("roads", "unchanged"), DepartmentPlan("waters", "refused", refusals=("cores: too many",))],
    base="main",
    base_commit="0123456789abcdef",
    capacity=[CapacityLeft("cores", "vCPU", 16, 5, 4)],
    warnings=["images could not be read"],
)


def test_a_plan_reads_from_the_summary_to_the_details() -> None:
    assert render_markdown(PLAN) == (
        """\
### Plan: 1 changed, 1 refused, 1 without changes; 1 resource to change

**Cost:** +4 vCPU, +2.0 GiB memory reserved: +0.25 hosts, +76.1 kWh a month, +665.44 CNY a month (sample prices)

- :warning: **waters**: Refused: cores&#58;&#8203; too many
- :warning: **parks**: Data that would be lost: root disk of server prod/web
- :warning: **parks**: Made anew: Server prod/web &#40;flavor&#41;
- :warning: images could not be read

#### parks

+4 vCPU, +2.0 GiB memory reserved: +0.25 hosts, +76.1 kWh a month, +665.44 CNY a month (sample prices)

| change | resource | property | declared | actual | in use |
|---|---|---|---|---|---|
| update | compute quota prod | limits.cores | 8 | 4 | 3 |

Without changes: roads.

<details>
<summary>What the cloud has left</summary>

- cores&#58;&#8203; 4 more promised, 11 of 16 vCPU left

</details>

<sub>cloud `oneroof` against `0123456789ab`, plan `"""
        + PLAN.digest[:12]
        + "`</sub>\n"
    )


def test_a_plan_without_changes_is_one_line_and_its_seal() -> None:
    text = render_markdown(build_plan("oneroof", [DepartmentPlan("parks", "unchanged")]))
    assert text.startswith("### Plan: 1 without changes; 0 resources to change\n\nWithout changes: parks.\n\n<sub>")


def test_a_long_table_is_folded() -> None:
    steps = tuple(
        PlanStep("create", "oneroof:compute:Server", f"prod/s{n}", f"Server prod/s{n}", "", "present", None, None)
        for n in range(LONGEST_TABLE + 1)
    )
    text = render_markdown(build_plan("oneroof", [DepartmentPlan("parks", "changes", steps)]))
    assert f"<summary>{LONGEST_TABLE + 1} changes</summary>" in text


@pytest.mark.parametrize(
    "hostile",
    [
        "</details><script>alert(1)</script>",
        "| a | forged | row |",
        "line\n### Plan: nothing to change",
        "![x](https://evil.example/x.png)",
        "@everybody #7",
        "`code` **bold** [link](x)",
        "&lt;img&gt;",
    ],
)
def test_what_a_department_writes_stays_in_its_cell(hostile: str) -> None:
    step = PlanStep("update", "oneroof:identity:Project", "prod", "Project prod", "description", hostile, "", None)
    text = render_markdown(build_plan("oneroof", [DepartmentPlan("parks", "changes", (step,))]))
    (row,) = [line for line in text.splitlines() if line.startswith("| update")]
    assert row.count("|") == 7
    cell = row.split("|")[4]
    assert not set("<>`*[]()!@") & set(cell)
    assert "&lt;" not in cell
    assert "#" not in cell.replace("&#", "")
    assert [line for line in text.splitlines() if line.startswith("#")] == [text.splitlines()[0], "#### parks"]


def test_escaped_text_reads_as_it_was() -> None:
    import html

    assert html.unescape(escape("a@b: <x> & #7")).replace("\u200b", "") == "a@b: <x> & #7"
