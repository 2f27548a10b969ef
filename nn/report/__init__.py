"""The report: findings put into words and pictures once, then shown in a terminal, on a page, or as data."""

from nn.report.contents import document
from nn.report.document import Document
from nn.report.folder import check_folder, write_folder
from nn.report.page import page
from nn.report.terminal import text

__all__ = ["Document", "check_folder", "document", "files", "page", "text", "write_folder"]


def files(report: Document) -> dict[str, str]:
    """The files of a report by name: every figure, and the page with all of them.

    Parameters
    ----------
    report : Document

    Returns
    -------
    dict of str to str
    """
    return {**{f"{figure.name}.svg": figure.svg for figure in report.figures}, "report.html": page(report)}
