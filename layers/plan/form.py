"""An assessment as the texts of the 考核表 and the 考核通报."""

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

from data.plan import PLAN_TITLE, SettingRow, plan_settings
from data.write.plan_form import FormRow, PlanForm, SectorText, Sheet, chinese_date
from layers.plan.assess import Assessment, PlanReport
from layers.plan.grades import GRADE_ZH, Grade
from layers.plan.units import decimal, shown
from layers.plan.views import VIEWS, groups_of
from layers.plan.wording import (
    ORIGIN_ZH,
    grade_words,
    notes_words,
    percent_words,
    place_words,
    source_words,
    target_words,
    value_words,
)

_GRADED: Final[tuple[Grade, ...]] = ("excellent", "good", "poor")
_NAMED_IN_TEXT: Final = 6
_CANDIDATES: Final = 500
_CONFIDENCE: Final = {"cited": "有出处", "derived": "推算", "assumed": "工作口径（未核）"}
_VIEW_ZH: Final = {"sector": "按领域", "lead": "按牵头单位", "agency": "按责任单位", "county": "按区县"}
_COMPUTABLE_ZH: Final = {"full": "地图可算", "partial": "名录可核、以上报为准", "reported": "部门上报"}


def form_of(report: PlanReport, provenance: Mapping[str, str], *, made: datetime, by: str = "sector") -> PlanForm:
    """Return the table and the notice of a report; ``made`` is the edition's day of publishing."""
    year = report.year
    targeted = [one for one in report.assessments if one.target is not None]
    return PlanForm(
        year=year,
        table_title=f"{PLAN_TITLE}{year}年度目标任务考核表",
        notice_title=(
            f"关于{PLAN_TITLE.partition('（')[0]}",
            f"（{PLAN_TITLE.partition('（')[2]}{year}年度目标任务",
            "完成情况的考核通报",
        ),
        addressed="各县区人民政府，各功能区管委会，市直各有关部门：",
        issuer=report.rules.base.issuer,
        as_of=report.as_of,
        warnings=tuple(one.zh for one in report.notices),
        opening=_opening(report),
        overall=_overall(report, targeted),
        sectors=tuple(_sectors(targeted)),
        gaps=tuple(text for one in targeted if (text := _gap_text(one))),
        milestones=tuple(
            f"{m.milestone.zh}（{m.milestone.year}年，{m.sector.zh}）：{m.state or '未报'}" for m in report.milestones
        ),
        closing="请各牵头单位、责任单位对照附件核实数据：未报指标抓紧补报，较差指标逐项分析原因、补齐缺口。",
        rows=tuple(_row(number, one, report) for number, one in enumerate(report.assessments, 1)),
        sheets=(
            _evidence_sheet(report),
            _gap_sheet(report),
            _path_sheet(report),
            _milestone_sheet(report),
            *_group_sheets(report, by),
            _settings_sheet(report),
            _source_sheet(report, provenance),
        ),
        made=made.astimezone(UTC).replace(tzinfo=None),
    )


def _opening(report: PlanReport) -> str:
    return (
        f"根据{PLAN_TITLE}“开展考核评价”的要求，按照“高于目标任务5%以上的评定为‘优秀’，完成目标任务的评定为‘良好’，"
        f"低于目标任务的评定为‘较差’”的规定，以{chinese_date(report.as_of)}为截至日，对{report.year}年度目标任务"
        "完成情况进行了量化考核。现通报如下："
    )


def _count(rows: list[Assessment], grade: Grade) -> int:
    return sum(one.graded.grade == grade for one in rows)


def _tally(rows: list[Assessment]) -> str:
    parts = [
        f"{GRADE_ZH[grade]}{_count(rows, grade)}项"
        for grade in (*_GRADED, "unreported", "not_due")
        if _count(rows, grade)
    ]
    return "、".join(parts)


def _overall(report: PlanReport, targeted: list[Assessment]) -> tuple[str, ...]:
    computed = sum(one.origin == "computed" for one in targeted)
    reported = sum(one.origin == "reported" for one in targeted)
    both = sum(one.difference is not None for one in targeted)
    first = (
        f"三年行动计划共{len(report.assessments)}项量化指标，其中{report.year}年度有目标的{len(targeted)}项。"
        f"评定结果为：{_tally(targeted)}。"
    )
    second = f"采用地图计算值的{computed}项，采用部门上报值的{reported}项"
    second += f"；两值并存、相互印证的{both}项，差异见附件1备注。" if both else "。"
    return first, second


def _sectors(targeted: list[Assessment]) -> list[SectorText]:
    out: list[SectorText] = []
    for name in dict.fromkeys(one.sector.zh for one in targeted):
        rows = [one for one in targeted if one.sector.zh == name]
        parts = [f"考核指标{len(rows)}项，{_tally(rows)}。"]
        for grade in (*_GRADED, "not_due"):
            stated = [_stated(one) for one in rows if one.graded.grade == grade and one.value is not None]
            if stated:
                parts.append(f"{GRADE_ZH[grade]}：{'；'.join(stated)}。")
        silent = [one.indicator.zh for one in rows if one.value is None]
        if silent:
            parts.append(f"未报：{'、'.join(silent)}。")
        out.append(SectorText(name, "".join(parts)))
    return out


def _stated(one: Assessment) -> str:
    target = one.target.target if one.target else None
    value = value_words(one.indicator, one.value, target, one.settings)
    completion = percent_words(one.graded.completion, one.settings)
    text = f"{one.indicator.zh}{value}（目标{target_words(one.indicator, target)}"
    return f"{text}，完成率{completion}）" if completion != "—" else f"{text}）"


def _gap_text(one: Assessment) -> str:
    """Return what a poor indicator lacks and what is nearest to filling it, "" where nothing is to be said."""
    if one.graded.grade != "poor" or one.gap is None or one.target is None:
        return ""
    named = [item.name for item in one.gap.items[:_NAMED_IN_TEXT] if item.name]
    lacks = f"尚差{shown(one.gap.needed)}{one.gap.unit}" if one.gap.needed else "须超过目标数"
    text = f"{_stated(one)}，{lacks}"
    if named:
        more = "等" if len(one.gap.items) > len(named) else ""
        text += f"；最接近达标的有{'、'.join(named)}{more}"
    return text + "。"


def _row(number: int, one: Assessment, report: PlanReport) -> FormRow:
    target = one.target.target if one.target else None
    settings = report.rules.of(one.indicator.code)
    value = value_words(one.indicator, one.value, target, settings, unit=False)
    completion = one.graded.completion
    return FormRow(
        texts=(
            str(number), one.sector.zh, one.indicator.zh, target_words(one.indicator, target),
            value_words(one.indicator, one.value, target, settings), percent_words(completion, settings),
            grade_words(one),
            "、".join(one.sector.lead) or "—", source_words(one), notes_words(one),
        ),
        value=None if one.value is None else float(one.value),
        decimals=len(value.partition(".")[2]),
        unit=one.indicator.unit,
        completion=None if completion is None else float(completion),
        completion_decimals=len(percent_words(completion, settings).rstrip("%").partition(".")[2]),
        targeted=one.target is not None,
    )  # fmt: skip


def _number(value: Fraction | None) -> str:
    return "" if value is None else decimal(value, places=4)


def _evidence_sheet(report: PlanReport) -> Sheet:
    rows: list[tuple[str, ...]] = []
    for number, one in enumerate(report.assessments, 1):
        head = (str(number), one.indicator.zh)
        quote = one.target.quote if one.target else ""
        if one.figure is not None:
            f = one.figure
            sum_ = _number(f.numerator) + (f" ÷ {_number(f.denominator)}" if f.denominator is not None else "")
            rows.append((*head, "计算", place_words(f), f.how.zh, sum_, f.state.isoformat(), quote))
            rows += [
                (*head, "计入", item.id, item.name, _number(item.amount), item.area_name or item.area, "")
                for item in f.counted
            ]
        for report_ in one.reports:
            day = report_.date.isoformat() if report_.date else ""
            who = report_.agency or report_.source
            rows.append((*head, "上报", report_.source, who, report_.written or report_.text, day, quote))
        if one.figure is None and not one.reports:
            why = one.computed.reason.zh if not hasattr(one.computed, "value") else ""
            rows.append((*head, "无数", _COMPUTABLE_ZH[one.indicator.computable], why, "", "", quote))
    heads = ("序号", "指标", "类别", "来源／编号", "口径／名称", "数值", "日期／区县", "计划原文")
    return Sheet("证据", heads, tuple(rows), (6, 28, 7, 28, 38, 18, 14, 40))


def _gap_sheet(report: PlanReport) -> Sheet:
    rows: list[tuple[str, ...]] = []
    for number, one in enumerate(report.assessments, 1):
        if one.gap is None or one.gap.needed == 0:
            continue
        best = "—" if one.gap.to_excellent is None else f"{shown(one.gap.to_excellent)}{one.gap.unit}"
        rows.append((str(number), one.indicator.zh, f"{shown(one.gap.needed)}{one.gap.unit}", best, "合计", "", "", ""))
        rows += [
            (
                str(number), one.indicator.zh, "", "", item.id, item.name, item.area_name or item.area,
                "；".join(p for p in (item.note, _minutes(item.travel_s)) if p),
            )
            for item in one.gap.items[:_CANDIDATES]
        ]  # fmt: skip
    heads = ("序号", "指标", "距目标尚差", "距优秀尚差", "编号", "名称", "区县", "现状")
    return Sheet("缺口清单", heads, tuple(rows), (6, 28, 14, 14, 20, 34, 14, 30), note="同一指标内按最接近达标排序")


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"最近设施 {seconds / 60:.1f} 分钟"


def _path_sheet(report: PlanReport) -> Sheet:
    years = [point.year for point in report.assessments[0].path]
    heads = ["序号", "指标", "单位"]
    for year in years:
        heads += [f"{year}目标", f"{year}完成", f"{year}等次"]
    rows = []
    for number, one in enumerate(report.assessments, 1):
        cells = [str(number), one.indicator.zh, one.indicator.unit]
        settings = report.rules.of(one.indicator.code)
        for point in one.path:
            cells += [
                (point.target or "—").replace("~", "–"),
                value_words(one.indicator, point.value, point.target, settings, unit=False),
                GRADE_ZH[point.graded.grade],
            ]
        rows.append(tuple(cells))
    return Sheet("三年轨迹", tuple(heads), tuple(rows), (6, 32, 9, *([11] * (3 * len(years)))))


def _milestone_sheet(report: PlanReport) -> Sheet:
    rows = tuple(
        (str(m.milestone.year), m.sector.zh, m.milestone.zh, m.state or "未报", "、".join(m.sector.lead))
        for m in report.milestones
    )
    return Sheet("定性目标", ("年度", "领域", "目标", "状态", "牵头单位"), rows, (8, 16, 56, 10, 24))


def _group_sheets(report: PlanReport, by: str) -> list[Sheet]:
    out: list[Sheet] = []
    for view in dict.fromkeys((by, *VIEWS)):
        groups = groups_of(report, view)
        if not groups:
            continue
        rows = tuple(
            (group.title.zh, str(len(group.rows)), *(str(group.counts[grade]) for grade in GRADE_ZH))
            for group in groups
        )
        heads = (_VIEW_ZH[view].removeprefix("按"), "指标数", *GRADE_ZH.values())
        out.append(Sheet(_VIEW_ZH[view], heads, rows, (34, *([10] * (1 + len(GRADE_ZH))))))
    if report.counties:
        rows = tuple(
            (
                c.name, c.indicator.zh, target_words(c.indicator, c.target),
                value_words(c.indicator, c.value, c.target, report.rules.of(c.indicator.code)),
                percent_words(c.graded.completion, report.rules.of(c.indicator.code)),
                GRADE_ZH[c.graded.grade], ORIGIN_ZH[c.origin] if c.origin else "",
            )
            for c in report.counties
        )  # fmt: skip
        heads = ("区县", "指标", "分解目标", "完成值", "完成率", "等次", "数据来源")
        note = "只有导入任务分解表的指标对区县评等"
        out.append(Sheet("区县明细", heads, rows, (14, 34, 16, 16, 10, 10, 14), note=note))
    return out


def _settings_sheet(report: PlanReport) -> Sheet:
    given = dict(report.rules.given)
    rows = [
        (
            key, row.zh, _label(row, str(given.get(key, row.value))), _label(row, row.value),
            "、".join(f"{choice} {row.labels[choice]}" for choice in row.choices),
            row.title if row.clause == "—" else f"{row.title}；{row.clause}", _CONFIDENCE[row.confidence],
        )
        for key, row in plan_settings().items()
    ]  # fmt: skip
    rows += [(key, "单项设置", value, "", "", "", "") for key, value in given.items() if "." in key]
    heads = ("设置", "口径", "采用", "默认", "可选", "出处", "可信度")
    return Sheet("设置", heads, tuple(rows), (22, 50, 14, 14, 28, 44, 14))


def _label(row: SettingRow, value: str) -> str:
    return row.labels.get(value, value) or "（空）"


def _source_sheet(report: PlanReport, provenance: Mapping[str, str]) -> Sheet:
    names = {
        "edition_sha256": "版次校验（SHA-256）",
        "code_version": "程序版本",
        "standards_sha256": "标准表校验",
        "plan_sha256": "计划表校验",
        "published_at": "版次发布时间（UTC）",
    }
    rows = [
        ("计划", PLAN_TITLE),
        ("城市", report.city),
        ("版次", report.edition),
        ("截至日期", report.as_of.isoformat()),
    ]
    rows += [(names.get(key, key), value) for key, value in provenance.items()]
    sources = dict.fromkeys(r.source for one in report.assessments for r in one.reports)
    rows += [("上报来源", source) for source in sources]
    rows += [("说明", one.zh) for one in report.notices]
    return Sheet("来源", ("项目", "内容"), tuple(rows), (26, 90))
