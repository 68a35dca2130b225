"""Fields: what must be filled in, what may stand there, and the form of codes and telephone numbers."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from data.codes import area_code_ok, industry_ok, organisation_ok, telephone_ok, uscc_ok
from geo.errors import Severity
from layers.answer import Title
from layers.quality.base import Bools, Check, Hits, Objects, Subject, hits

_BETWEEN: Final = ";"
_MADE_ON_IMPORT: Final = frozenset({"FAC_ID", "CRS_SRC", "SRC", "SYNTHETIC"})


def _handed_in(subject: Subject) -> Bools:
    """Return (N,) which records a steward handed in; nobody fills in what OpenStreetMap or the sample lacks."""
    out: Bools = subject.text("OSM_TAG") == ""
    if subject.has("SYNTHETIC"):
        out = out & ~subject.frame["SYNTHETIC"].astype("boolean").fillna(False).to_numpy(np.bool_)
    return out


def _missing(subject: Subject) -> Iterator[Hits]:
    by_steward = _handed_in(subject)
    spec = subject.layer.spec
    needed = [name for name, column in spec.columns.items() if column.required]
    for name in dict.fromkeys([*needed, *subject.layer.obligatory]):
        empty = subject.text(name) == ""
        mask = empty if name in needed and name not in _MADE_ON_IMPORT else empty & by_steward
        if name in _MADE_ON_IMPORT and not subject.has(name):
            continue
        title = spec.columns[name]
        yield from hits(subject, mask, name, f"缺少{title.zh}。", f"{title.en or name} is empty.")


def _unnamed(subject: Subject) -> Iterator[Hits]:
    rows = np.flatnonzero((subject.text("NAME") == "") & ~_handed_in(subject))
    if len(rows):
        said = f"{len(rows)} 条记录（共 {len(subject)} 条）没有名称。", f"{len(rows)} of {len(subject)} have no name."
        yield Hits(np.array([-1]), "NAME", np.array([""], dtype=object), *said)


def _not_allowed(subject: Subject) -> Iterator[Hits]:
    for name, column in subject.layer.spec.columns.items():
        if not column.values or not subject.has(name):
            continue
        text = subject.text(name)
        wrong = (text != "") & ~np.isin(text.astype(str), column.values)
        allowed = "、".join(column.values)
        yield from hits(subject, wrong, name, f"{column.zh}应为{allowed}之一。", f"{column.en} has fixed values.")


def _form(check: str, good: Callable[[Objects], Bools], zh: str, en: str) -> Callable[[Subject], Iterator[Hits]]:
    def find(subject: Subject) -> Iterator[Hits]:
        for name, column in subject.layer.spec.columns.items():
            if column.check == check and subject.has(name) and name != "SERVED_XZQ":
                yield from hits(subject, ~good(subject.text(name)), name, zh, en)

    return find


def _served_form(subject: Subject) -> Iterator[Hits]:
    said = subject.text("SERVED_XZQ")
    for rows, codes in [(np.flatnonzero(said != ""), said[said != ""])]:
        wrong = [
            "、".join(code for code in parts if not area_code_ok([code])[0])
            for parts in ([code.strip() for code in text.split(_BETWEEN) if code.strip()] for text in codes)
        ]
        mask = np.zeros(len(subject), dtype=np.bool_)
        mask[rows] = np.array([bool(text) for text in wrong], dtype=np.bool_)
        words = np.full(len(subject), "", dtype=object)
        words[rows] = [f"不是12位区划代码：{text}。" for text in wrong]
        yield from hits(subject, mask, "SERVED_XZQ", words, "not all of these are 12-digit area codes.")


def _check(id: str, severity: Severity, zh: str, en: str, mend: tuple[str, str], find: object, **more: object) -> Check:
    return Check(id, severity, Title(zh=zh, en=en), Title(zh=mend[0], en=mend[1]), find, **more)  # type: ignore[arg-type]


FIELD_CHECKS: Final = (
    _check(
        "missing", "error", "缺少必填项", "Obligatory field is empty",
        ("填写后再导入。", "Fill it in."), _missing,
    ),
    _check(
        "unnamed", "notice", "无名设施", "Facilities without a name",
        ("可从台账补充名称。", "Add names from a register."), _unnamed,
    ),
    _check(
        "not_allowed", "error", "不在允许值内", "Value is not allowed",
        ("改为允许的值。", "Use one of the allowed values."), _not_allowed,
    ),
    _check(
        "uscc", "error", "统一社会信用代码有误", "Credit code is wrong",
        ("对照营业执照核对18位代码。", "Check all 18 signs against the licence."),
        _form("uscc", uscc_ok, "长度、字符或校验码不符（GB 32100）。", "length, signs or check digit fail GB 32100."),
    ),
    _check(
        "uscc_organisation", "warning", "组织机构代码校验不符", "Organisation code inside fails its check",
        ("核对代码第9至17位。", "Check signs 9 to 17."),
        _form("uscc", organisation_ok, "第9–17位不符合 GB 11714。", "signs 9 to 17 fail GB 11714."),
    ),
    _check(
        "area_code_form", "error", "行政区划代码格式有误", "Area code is malformed",
        ("填写12位代码：省市县6位、乡3位、村3位。", "Write 12 digits, as text."),
        _form("area_code", area_code_ok, "不是12位区划代码。", "not a 12-digit area code."),
    ),
    _check(
        "served_form", "error", "服务行政村代码格式有误", "Codes of villages served are malformed",
        ("用分号隔开12位代码。", "Join 12-digit codes with semicolons."), _served_form,
        concerns=lambda subject: subject.has("SERVED_XZQ"),
    ),
    _check(
        "industry_form", "warning", "行业代码格式有误", "Industry code is malformed",
        ("按 GB/T 4754 填写2至4位代码，可带门类字母。", "Write 2 to 4 digits of GB/T 4754."),
        _form("gb4754", industry_ok, "不符合 GB/T 4754 的形式。", "not of the form of GB/T 4754."),
    ),
    _check(
        "phone_form", "warning", "电话号码格式有误", "Telephone number is malformed",
        ("填写区号和号码，或手机号。", "Write area code and number, or a mobile number."),
        _form("phone", telephone_ok, "不是电话号码。", "not a telephone number."),
    ),
)  # fmt: skip
