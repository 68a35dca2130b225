"""Grades written with A: what bureaus write for 4A."""

from typing import Final

A_GRADES: Final = ("1A", "2A", "3A", "4A", "5A")
"""The grades, as they are kept."""


def a_grade_synonyms() -> dict[str, str]:
    """Return what is written for each grade.

    >>> said = a_grade_synonyms()
    >>> {said[word] for word in ("AAAA", "四A级", "4A级", "AAAA级景区", "国家4A级旅游景区")}
    {'4A'}
    """
    said: dict[str, str] = {}
    for number, zh in enumerate("一二三四五", 1):
        for stem in ("A" * number, f"{number}A", f"{zh}A"):
            for word in (stem, f"{stem}级", f"{stem}级景区", f"{stem}级旅游景区", f"{stem}级企业", f"{stem}级物流企业"):
                said |= {word: f"{number}A", f"国家{word}": f"{number}A"}
    return {word: grade for word, grade in said.items() if word != grade}
