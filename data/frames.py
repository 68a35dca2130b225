"""The frames every reader yields, every store keeps and every circle takes: their columns, types and units.

All are in EPSG:4490 (CGCS2000, longitude then latitude). ``conform`` is the gate: what passes it can be stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import CRSMismatchError, Fault, InputError, MissingCRSError

CRS_KEPT: Final = "EPSG:4490"
"""Geographic CGCS2000, the CRS of everything that is kept."""

Kind = Literal["int", "float", "bool", "text", "date"]


Check = Literal["", "area_code", "uscc", "gb4754", "year", "phone"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, unit, whether it may be empty, its titles, and what its values may be.

    Attributes:
        aliases: other headings stewards write for it.
        values: the allowed values, all of them; empty where any will do.
        synonyms: what else is written for an allowed value.
        low: the least plausible number, inclusive.
        high: the greatest plausible number, inclusive.
        check: the kind of code it is, whose own rule is checked.
        tier: ``internal`` columns leave by no public way.
        example: a value as the template shows it.
    """

    kind: Kind
    unit: str = ""
    required: bool = True
    zh: str = ""
    en: str = ""
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict, hash=False)
    low: float | None = None
    high: float | None = None
    check: Check = ""
    tier: Literal["public", "internal"] = "public"
    example: str = ""

    def described(self) -> dict[str, str | bool]:
        """Return what a delivered file says of the column: its type, unit, obligation and titles."""
        return {"kind": self.kind, "unit": self.unit, "required": self.required, "zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class FrameSpec:
    """The columns of one frame, its key and the geometry types it may hold; a frame of none is a plain table.

    A key that is ``key_of`` other columns is made by ``conform``, never read: what they hold, joined by ``@``, dates
    as ``2022-02-01``, empty ones left out.
    """

    name: str
    key: str
    geometry: frozenset[str]
    columns: Mapping[str, Column]
    key_of: tuple[str, ...] = ()


_LINE = frozenset({"LineString"})
_POINT = frozenset({"Point"})
_SHAPE = frozenset({"Point", "Polygon", "MultiPolygon", "LineString", "MultiLineString"})

STREETS: Final = FrameSpec(
    "streets",
    "seg_id",
    _LINE,
    {
        "seg_id": Column("int", zh="路段号", en="segment"),
        "u": Column("int", zh="起点节点", en="start node"),
        "v": Column("int", zh="终点节点", en="end node"),
        "way_id": Column("text", required=False, zh="道路编号", en="way"),
        "name": Column("text", required=False, zh="路名", en="name"),
        "highway": Column("text", required=False, zh="道路等级", en="class (OSM highway)"),
        "walk": Column("bool", zh="可步行", en="walkable, both ways"),
        "cycle_fwd": Column("bool", zh="可骑行（顺向）", en="cyclable from u to v"),
        "cycle_bwd": Column("bool", zh="可骑行（逆向）", en="cyclable from v to u"),
        "drive_fwd": Column("bool", zh="可驾车（顺向）", en="drivable from u to v"),
        "drive_bwd": Column("bool", zh="可驾车（逆向）", en="drivable from v to u"),
        "maxspeed_kph": Column("float", "km/h", required=False, zh="限速", en="speed limit"),
        "incline_pct": Column("float", "%", required=False, zh="坡度标注", en="tagged incline, u to v"),
        "barred_u": Column("text", required=False, zh="起点禁行", en="classes that may not pass the start node"),
        "barred_v": Column("text", required=False, zh="终点禁行", en="classes that may not pass the end node"),
        "bridge": Column("bool", zh="桥", en="bridge"),
        "tunnel": Column("bool", zh="隧道", en="tunnel"),
        "synthetic": Column("bool", zh="合成", en="synthetic"),
    },
)
"""One row a street segment between two nodes; both directions. Z, where present, is smoothed elevation in metres."""

DEMAND: Final = FrameSpec(
    "demand",
    "demand_id",
    _POINT,
    {
        "demand_id": Column("text", zh="需求点编号", en="demand point"),
        "weight": Column("float", zh="权重", en="weight, in the demand's unit"),
        "area_code": Column("text", required=False, zh="乡镇（街道）代码", en="township code, 9 digits"),
        "unit_2020": Column("text", required=False, zh="2020年普查单元", en="census unit of 2020"),
        "method": Column("text", zh="来源方法", en="how the weight was made"),
        "synthetic": Column("bool", zh="合成", en="synthetic position"),
    },
)

AREAS: Final = FrameSpec(
    "areas",
    "area_id",
    _SHAPE,
    {
        "area_id": Column("text", zh="编号", en="the code, and @ the first day it is valid where one is known"),
        "code": Column("text", zh="代码", en="code, once on any one day"),
        "name": Column("text", zh="名称", en="name"),
        "name_en": Column("text", required=False, zh="英文名称", en="English name"),
        "level": Column("text", zh="层级", en="city, county, zone (功能区), township, village, unit_2020 or region"),
        "parent": Column("text", required=False, zh="上级代码", en="code of the area above"),
        "kind": Column("text", required=False, zh="类型", en="kind (镇, 乡, 街道, 村委会, 居委会 …)"),
        "valid_from": Column("date", required=False, zh="起效日期", en="first day it is valid; empty: always was"),
        "valid_to": Column("date", required=False, zh="失效日期", en="first day it no longer is; empty: still valid"),
        "error_m": Column("float", "m", required=False, zh="位置误差", en="radius of the position's error"),
        "source": Column("text", zh="来源", en="source"),
        "synthetic": Column("bool", zh="合成", en="synthetic geometry"),
    },
    key_of=("code", "valid_from"),
)
"""One row per area and time it is valid: a changed boundary is a row of its own beside the closed old one."""

CONTEXT: Final = FrameSpec(
    "context",
    "ctx_id",
    _SHAPE,
    {
        "ctx_id": Column("text", zh="编号", en="id"),
        "kind": Column("text", zh="类别", en="water, green, building, residential, station, place …"),
        "name": Column("text", required=False, zh="名称", en="name"),
        "tag": Column("text", required=False, zh="OSM 标签", en="OSM tag, key=value"),
        "public": Column("bool", zh="可公开", en="may be shown to the public"),
        "source": Column("text", zh="来源", en="source"),
        "synthetic": Column("bool", zh="合成", en="synthetic"),
    },
)


def words(text: str) -> tuple[str, ...]:
    """Return the words of ``text``, which spaces part: aliases and allowed values of a Column.

    >>> words("地址 详细地址")
    ('地址', '详细地址')
    """
    return tuple(text.split())


def also(written: Mapping[str, str]) -> dict[str, str]:
    """Return synonyms of a Column: what is written → the allowed value, from the value → words written for it.

    >>> also({"运营": "营业 在营"})
    {'营业': '运营', '在营': '运营'}
    """
    return {word: value for value, said in written.items() for word in words(said)}


_FACILITY_COLUMNS: Final[dict[str, Column]] = {
    "FAC_ID": Column(
        "text", zh="设施编号", en="facility id", example="LZ-0001",
        aliases=words("编号 编码 设施编码 设施代码 机构编号"),
    ),
    "NAME": Column(
        "text", required=False, zh="名称", en="name", example="示例单位",
        aliases=words(
            "设施名称 单位名称 企业名称 公司名称 机构名称 场馆名称 场地名称 项目名称 站点名称 "
            "网点名称 中心名称 单位全称 全称"
        ),
    ),
    "CAT": Column("text", required=False, zh="大类", en="category", aliases=words("设施大类 行业大类")),
    "XZQDM12": Column(
        "text", required=False, zh="行政区划代码", en="12-digit area code", check="area_code", example="620102001000",
        aliases=words("区划代码 行政区代码 统计用区划代码 所属区划代码 村代码 社区代码 乡镇代码"),
    ),
    "XZQMC": Column(
        "text", required=False, zh="行政区划名称", en="area name", example="酒泉路街道",
        aliases=words(
            "行政区划 所属区划 所在村（社区） 所属村 所在乡镇（街道） 所属乡镇（街道） 乡镇（街道） 所属乡镇 "
            "所属街道 乡镇 所属区县 所在区县 所属县区 县区 区县"
        ),
    ),
    "ADDR": Column(
        "text", required=False, zh="地址", en="address", example="酒泉路100号",
        aliases=words("详细地址 经营地址 注册地址 办公地址 单位地址 机构地址 所在地址 建设地点 地点 位置 坐落"),
    ),
    "CRS_SRC": Column("text", zh="来源坐标系", en="CRS or datum of the source", aliases=words("坐标系 坐标系统")),
    "ACC_M": Column(
        "float", "m", required=False, zh="位置精度", en="positional accuracy", low=0.0, high=100_000.0,
        aliases=words("位置误差 定位精度"),
    ),
    "SRC": Column(
        "text", zh="数据来源", en="source", example="市商务局2025年台账", aliases=words("来源 资料来源 提供单位"),
    ),
    "SURV_DATE": Column(
        "date", required=False, zh="调查日期", en="survey date", example="2025-10-31",
        aliases=words("采集日期 统计日期 核查日期 数据日期"),
    ),
    "STATUS": Column(
        "text", required=False, zh="状态", en="planned, being built, in service or closed", example="运营",
        aliases=words("运营状态 运行状态 建设状态 营业状态 使用状态 项目状态"),
        values=words("规划 在建 运营 停用"),
        synonyms=also({
            "规划": "拟建 待建 规划中 筹建",
            "在建": "建设中 在建中 施工 施工中",
            "运营": "营业 在营 运营中 正常 正常运营 正常运行 已建成 建成 投用 已投用 在用 开业 运行",
            "停用": "关闭 停业 歇业 撤销 注销 已停用 停运",
        }),
    ),
    "OPEN_DATE": Column(
        "date", required=False, zh="启用日期", en="opened", example="2024-06-01",
        aliases=words("启用时间 开业日期 开业时间 投用日期 投用时间 成立日期 成立时间 运营时间 建成时间"),
    ),
    "CLOSE_DATE": Column(
        "date", required=False, zh="停用日期", en="closed",
        aliases=words("停用时间 停业日期 关闭日期 注销日期 撤销日期"),
    ),
    "USCC": Column(
        "text", required=False, zh="统一社会信用代码", en="unified social credit code", check="uscc",
        example="91620102MA00000009", aliases=words("社会信用代码 信用代码 统一信用代码 组织机构代码"),
    ),
    "GB4754": Column(
        "text", required=False, zh="国民经济行业代码", en="industry code, GB/T 4754", check="gb4754", example="5920",
        aliases=words("行业代码 行业分类代码 行业小类代码"),
    ),
    "PUB_LVL": Column(
        "text", required=False, zh="公开级别", en="publicity tier", example="public",
        aliases=words("是否公开 公开范围"), values=words("public internal"),
        synonyms=also({"public": "公开 可公开 是", "internal": "内部 不公开 非公开 内部资料 否"}),
    ),
    "CHK_STATE": Column(
        "text", required=False, zh="核查状态", en="check state", aliases=words("审核状态 核实情况"),
        values=words("未核查 已核查 存疑 待整改"),
        synonyms=also({"未核查": "未审核 待核查", "已核查": "已审核 已核实"}),
    ),
    "CONTACT": Column(
        "text", required=False, zh="联系人", en="contact person", tier="internal", example="张三",
        aliases=words("负责人 联系人姓名 法人 法定代表人 院长 园长"),
    ),
    "PHONE": Column(
        "text", required=False, zh="联系电话", en="telephone", tier="internal", check="phone", example="0931-8888888",
        aliases=words("电话 手机 手机号 手机号码 联系方式 电话号码 固定电话 联系人电话"),
    ),
    "OSM_TAG": Column("text", required=False, zh="OSM 标签", en="the OSM tag it came by"),
    "SYNTHETIC": Column("bool", zh="合成", en="synthetic", aliases=words("是否合成")),
}  # fmt: skip

FILLED_ON_IMPORT: Final = frozenset({"CAT", "CRS_SRC", "ACC_M", "CHK_STATE", "OSM_TAG", "SYNTHETIC"})
"""Common facility fields that no steward fills in: the import does, or the file's own origin."""


def common_facility_columns() -> Mapping[str, Column]:
    """Return the fields every facility layer has."""
    return _FACILITY_COLUMNS


def facility_spec(layer: str, own: Mapping[str, Column]) -> FrameSpec:
    """Return the spec of a facility layer: the common fields and its ``own`` (``shared`` names of ≤ 10 bytes)."""
    return FrameSpec(f"facilities.{layer}", "FAC_ID", _POINT, {**_FACILITY_COLUMNS, **own})


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if column.kind == "int":
        return values.astype("int64") if column.required else pd.to_numeric(values).astype("Int64")
    if column.kind == "float":
        return pd.to_numeric(values).astype("float64")
    if column.kind == "bool":
        return values.astype("bool")
    if column.kind == "date":
        return pd.to_datetime(values).astype("datetime64[s]")
    text = values.astype("object")
    return text.where(text.notna(), None).astype("str")


def conform(frame: gpd.GeoDataFrame, spec: FrameSpec, *, file: str | None = None) -> gpd.GeoDataFrame:
    """Return ``frame`` with exactly the columns of ``spec``, typed and in order, geometry last.

    Optional columns that are absent are added empty; unknown ones are dropped. Nothing is reprojected.

    Raises MissingCRSError, CRSMismatchError (not EPSG:4490), and InputError naming every fault: a required
    column absent or empty, a key twice, a geometry of the wrong type, empty, or outside the Earth.
    """
    if frame.crs is None:
        raise MissingCRSError(f"{spec.name} has no CRS; declare it where the file is read")
    if frame.crs != CRS_KEPT:
        raise CRSMismatchError(f"{spec.name} is in {frame.crs.to_string()}, kept is {CRS_KEPT}")
    faults: list[Fault] = []
    out: dict[str, pd.Series] = {}
    for name, column in spec.columns.items():
        if name == spec.key and spec.key_of:
            made = _made_key(frame, spec)
            if made is not None:
                out[name] = made
            continue
        if name not in frame.columns:
            if column.required:
                faults.append(Fault("missing_column", f"column {name} is missing.", f"add {column.en or name}.", file))
                continue
            blank = pd.Series([None] * len(frame), index=frame.index, dtype="object")
            out[name] = _typed(blank, column)
            continue
        values = frame[name]
        if column.required:
            faults += [
                Fault("empty", f"{name} is empty.", f"fill in {column.en or name}.", file, int(i), name)
                for i in np.flatnonzero(values.isna().to_numpy())[:100]
            ]
        try:
            out[name] = _typed(values, column)
        except (TypeError, ValueError) as error:
            faults.append(
                Fault("type", f"{name} is not {column.kind}: {error}.", "correct the column.", file, None, name)
            )
    if spec.geometry:
        faults += _geometry_faults(frame, spec, file)
    if spec.key in out:
        twice = out[spec.key].duplicated().to_numpy()
        faults += [
            Fault(
                "duplicate_key", "the id occurs twice.", "give each row its own id.", file, int(i), spec.key,
                str(out[spec.key].iloc[i]),
            )
            for i in np.flatnonzero(twice)[:100]
        ]  # fmt: skip
    if faults:
        raise InputError(faults)
    shapes = frame.geometry.to_numpy() if spec.geometry else np.full(len(frame), None, dtype=object)
    return gpd.GeoDataFrame(out, geometry=shapes, crs=CRS_KEPT).reset_index(drop=True)


def _made_key(frame: gpd.GeoDataFrame, spec: FrameSpec) -> pd.Series | None:
    """Return the key made of other columns, None where a required one is absent; that has a fault of its own."""
    parts = []
    for name in spec.key_of:
        column = spec.columns[name]
        if name not in frame.columns:
            if column.required:
                return None
            continue
        values = frame[name]
        if column.kind == "date":
            days = pd.to_datetime(values, errors="coerce")
            values = days.dt.strftime("%Y-%m-%d")
        parts.append(values.astype("object").where(values.notna(), None))
    rows = zip(*parts, strict=True)
    made = ["@".join(str(value) for value in row if value is not None) for row in rows]
    return pd.Series(made, index=frame.index, dtype="str")


def _geometry_faults(frame: gpd.GeoDataFrame, spec: FrameSpec, file: str | None) -> list[Fault]:
    kinds = frame.geometry.geom_type.to_numpy()
    empty = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    faults = [
        Fault("no_geometry", "the row has no geometry.", "give it a position or take it out.", file, int(i))
        for i in np.flatnonzero(empty)[:100]
    ]
    wrong = ~empty & ~np.isin(kinds.astype(str), list(spec.geometry))
    faults += [
        Fault(
            "geometry_type",
            f"{kinds[i]} where {' or '.join(sorted(spec.geometry))} is expected.",
            "convert the geometry.", file, int(i),
        )
        for i in np.flatnonzero(wrong)[:100]
    ]  # fmt: skip
    bounds = frame.geometry.bounds.to_numpy()
    outside = ~empty & ~((bounds[:, 0] >= -180) & (bounds[:, 2] <= 180) & (bounds[:, 1] >= -90) & (bounds[:, 3] <= 90))
    faults += [
        Fault(
            "off_earth", "the coordinates are not longitude and latitude in degrees.",
            "declare the CRS they are in, or swap them back.", file, int(i), "geometry",
            ", ".join(f"{x:.4f}" for x in bounds[i]),
        )
        for i in np.flatnonzero(outside)[:100]
    ]  # fmt: skip
    return faults
