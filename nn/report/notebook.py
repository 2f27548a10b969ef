"""Shows tables and curves in a notebook, and in words wherever a notebook shows nothing better."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nn.report.chart import Series, chart

__all__ = ["Chart", "Series", "Table"]

# A notebook shows a picture as an image, which cannot know whether the page around it is light or dark.
PAPER = "<svg style='background:#ffffff;color:#1f2933' "

NUMBER = re.compile(r"[-+]?[\d.,]+(?:e[-+]?\d+)?%?")


@dataclass(frozen=True, repr=False)
class Table:
    """A table in Markdown, which can be read as it stands where Markdown is not shown.

    Parameters
    ----------
    headings : sequence of str
    rows : sequence of sequences
        A cell per heading. What stands between dollar signs is mathematics; numbers are aligned to the right.

    Examples
    --------
    >>> Table(["slope of", "error"], [["$W_1$", 12], ["$b_1$", "0.250"]])
    | slope of | error |
    | :------- | ----: |
    | $W_1$    |    12 |
    | $b_1$    | 0.250 |
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[object]]

    def __repr__(self) -> str:
        columns = [_column(*cells) for cells in zip(self.headings, *self.rows, strict=True)]
        return "\n".join(f"| {' | '.join(line)} |" for line in zip(*columns, strict=True))

    def _repr_markdown_(self) -> str:
        return repr(self)


def _column(heading: str, *cells: object) -> list[str]:
    """The heading, the rule and the cells, equally wide."""
    # A bar would end the cell, even inside code.
    texts = [" ".join(str(cell).split()).replace("|", r"\|") for cell in (heading, *cells)]
    width = max(3, *map(len, texts))
    if all(NUMBER.fullmatch(text) for text in texts[1:]):
        texts.insert(1, "-" * (width - 1) + ":")
        return [text.rjust(width) for text in texts]
    texts.insert(1, ":" + "-" * (width - 1))
    return [text.ljust(width) for text in texts]


@dataclass(frozen=True, repr=False)
class Chart:
    """Curves over a common pair of axes.

    Parameters
    ----------
    series : sequence of Series
    x, y : str
        What the axes measure.

    Examples
    --------
    >>> Chart([Series("rate 1", [(0, 0.7), (1, 0.5)]), Series("rate 5", [(0, 0.7), (1, 0.1)])], x="updates", y="cost")
    cost over updates: rate 1, rate 5
    """

    series: Sequence[Series]
    x: str
    y: str

    def __repr__(self) -> str:
        return f"{self.y} over {self.x}: {', '.join(item.name for item in self.series)}"

    def _repr_svg_(self) -> str:
        return chart(self.series, x=self.x, y=self.y).replace("<svg ", PAPER, 1)
