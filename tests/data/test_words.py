"""Every fault an import can give has Chinese words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.words import fault_words, mend_en, mend_zh, told_en, told_zh
from geo.errors import Fault

REPO = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for glob in ("api/intake*.py", "api/datum.py", "api/who.py", "api/import*.py", "data/read/*.py", "data/demand/*.py",
                 "data/frames.py", "data/area_checks.py", "data/validity.py", "data/stores/*.py")
    for path in REPO.glob(glob)
)  # fmt: skip
GIVES = {"Fault": 0, "Unreadable": 0, "Remark": 0, "say": 1, "_faults": 1, "_warning": 0}
"""What is called with a code, and which argument it is."""
TOLD_OTHERWISE = {"position", "half_position", "overlap", "gap", "outside_parent"}
"""Codes that are kept in a variable first."""


def texts(node: ast.AST, names: dict[str, set[str]]) -> set[str]:
    """The literal texts an expression may be, through a choice or a name."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.IfExp):
        return texts(node.body, names) | texts(node.orelse, names)
    return names.get(node.id, set()) if isinstance(node, ast.Name) else set()


def assigned(tree: ast.AST) -> dict[str, set[str]]:
    """The literal texts each name is given, alone or with others in a tuple."""
    out: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            pairs: list[tuple[ast.expr, ast.expr]] = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for one, value in pairs:
                if isinstance(one, ast.Name):
                    out.setdefault(one.id, set()).update(texts(value, {}))
    return out


def codes(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = assigned(tree)
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        at = GIVES.get(name)
        said = [one.value for arg in call.args[1:3] for one in ast.walk(arg) if isinstance(one, ast.Constant)]
        if any(isinstance(text, str) and re.search("[\u4e00-\u9fff]+。", text) for text in said):
            continue  # it speaks Chinese itself
        if at is not None and len(call.args) > at:
            yield from texts(call.args[at], names)
        for key in call.keywords:
            if key.arg == "code" and name in {*GIVES, "_Answer"}:
                yield from texts(key.value, names)


FOUND = {path: sorted(set(codes(path))) for path in SOURCES}


def test_the_walk_sees_the_codes() -> None:
    found = {code for some in FOUND.values() for code in some}
    wanted = {"empty", "not_allowed", "negative", "implausible", "swapped", "off_earth", "duplicate_row", "other_form",
              "datum_unsure", "datum_mixed", "bad_area", "address_unknown", "approximate", "conflict"}  # fmt: skip
    assert wanted <= found


@pytest.mark.parametrize("path", [path for path, some in FOUND.items() if some], ids=lambda path: path.stem)
def test_every_code_has_words(path: Path) -> None:
    assert not sorted(set(FOUND[path]) - set(fault_words()))


def test_codes_that_are_told_otherwise_have_words() -> None:
    assert set(fault_words()) >= TOLD_OTHERWISE


def test_words_are_chinese_and_whole() -> None:
    for code, words in fault_words().items():
        assert set(words) <= {"zh", "mend", "when"}, code
        for case in (words, *words.get("when", ())):
            said = [case[key] for key in ("zh", "mend") if key in case]
            assert said, code
            for text in said:
                assert re.search("[\u4e00-\u9fff]", text), (code, text)
                assert not text.endswith(("。", ".")), (code, text)
        for case in words.get("when", ()):
            groups = re.compile(case["says"]).groupindex
            used = set(re.findall(r"{(\w+)}", case.get("zh", "") + case.get("mend", "")))
            assert used <= set(groups), code


@pytest.mark.parametrize(
    ("fault", "told", "mend"),
    [
        (Fault("empty", "名称 is empty.", "fill it in."), "名称为空。", "请填写。"),
        (Fault("not_allowed", "the value is not one of those allowed.", "write one of: 公办, 民办."), "不在可填的值之中。",
         "填写其中之一：公办、民办。"),
        (Fault("duplicate_row", "the record stands already in row 3: the same FAC_ID.", "take it out."),
         "与第3行的设施编号相同。", "删去此行，或补充信息以区分。"),
        (Fault("undeclared_datum", "the file does not say which datum its longitudes and latitudes are in; they fit gcj02 "
               "(sure, 512 m away).", "confirm it with --crs gcj02."),
         "文件未说明坐标用的是哪种坐标系；与地图比对，确定为 gcj02。", "用 --crs gcj02 确认。"),
        (Fault("missing_column", "no column is 名称 (NAME); the columns are 甲、乙.", "name it with --map '甲=NAME', or state "
               "one value for all rows with --fill NAME=…"),
         "没有“名称”（NAME）列。", "用 --map '甲=NAME' 指明该列，或用 --fill NAME=… 给所有行填同一个值。"),
        (Fault("not_allowed", "值不在规定之内：类型为某某。 Not allowed: 某某.", "改正。 Correct it."), "值不在规定之内：类型为某某。", "改正。"),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_chinese(fault: Fault, told: str, mend: str) -> None:
    assert (told_zh(fault), mend_zh(fault)) == (told, mend)


def test_what_is_told_in_both_is_taken_apart() -> None:
    fault = Fault("wrong_county", "位置不在所写的区县：在城关区。 Not in the county: in A.", "核对。 Check it.")
    assert (told_en(fault), mend_en(fault)) == ("Not in the county: in A.", "Check it.")


def test_a_code_without_words_is_left_to_english() -> None:
    fault = Fault("no_such_code", "something.", "mend it.")
    assert (told_zh(fault), mend_zh(fault), told_en(fault)) == (None, None, "Something.")
