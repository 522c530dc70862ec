"""Names say their language, whatever is in them."""

from __future__ import annotations

import pytest

from monitoring.reports.language import render_name


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("Forestry Bureau", "Forestry Bureau"),
        ("林业局", '<span lang="zh">林业局</span>'),
        ("林业局 (Forestry <Bureau>)", '<span lang="zh">林业局</span> (Forestry &lt;Bureau&gt;)'),
        ("第2局", '<span lang="zh">第</span>2<span lang="zh">局</span>'),
        ("བོད་ Tibet", '<span lang="bo">བོད་</span> Tibet'),
        ("Straßenamt", "Straßenamt"),
        ("Дороги", "Дороги"),
        ("", ""),
    ],
)
def test_each_part_has_its_language(name: str, html: str) -> None:
    assert str(render_name(name)) == html
