"""Whom a circle is for: people at their homes, villages and townships, or other facilities, as points with weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.city import CityData
from data.frames import CRS_KEPT
from layers.answer import Title
from layers.places import Facilities

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Codes = Mapping[str, NDArray[np.object_]]


@dataclass(frozen=True, eq=False)
class DemandPoints:
    """N points with weights, who they are, and the areas they lie in.

    Attributes:
        frame: DEMAND's columns and ``name``, EPSG:4490.
        codes: (N,) codes by level, "" where none.
        layers: what they were read from.
    """

    kind: str
    unit: str
    title: Title
    frame: gpd.GeoDataFrame
    codes: Codes
    layers: tuple[str, ...]

    @cached_property
    def weight(self) -> F64:
        """Return the (N,) weights in ``unit``."""
        return np.asarray(self.frame["weight"].to_numpy(), dtype=np.float64)

    @cached_property
    def numbered(self) -> Mapping[str, tuple[tuple[str, ...], I64]]:
        """Return, per level, the codes that occur, ascending, and the (N,) number of each point's."""
        out = {}
        for level, codes in self.codes.items():
            names, number = np.unique(np.asarray(codes).astype(str), return_inverse=True)
            out[level] = (tuple(names.tolist()), number.astype(np.int64))
        return out

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, I64]]:
        """Return, per level and code, the rows of the points in that area, ascending."""
        out = {}
        for level, (names, number) in self.numbered.items():
            ends = np.cumsum(np.bincount(number, minlength=len(names)))
            parts = np.split(np.argsort(number, kind="stable"), ends[:-1]) if names else []
            out[level] = dict(zip(names, parts, strict=True))
        return out


class DemandSource(Protocol):
    """Where demand points come from."""

    @property
    def kind(self) -> str:
        """Return the one word for them in answers."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the layers that must be there."""
        ...

    def label(self, meta: Mapping[str, Any]) -> tuple[str, Title]:
        """Return the unit and title, by what is noted of the first of ``layers``."""
        ...

    def points(self, city: CityData) -> DemandPoints:
        """Return the points of an edition."""
        ...


@dataclass(frozen=True, slots=True)
class People:
    """A demand layer: persons (or floor area) at their homes."""

    layer: str

    @property
    def kind(self) -> str:
        """Return the layer's own name."""
        return self.layer.removeprefix("demand.")

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the layer."""
        return (self.layer,)

    def label(self, meta: Mapping[str, Any]) -> tuple[str, Title]:
        """Return what the layer notes of itself."""
        title = Title(zh=str(meta.get("title_zh", "居民")), en=str(meta.get("title_en", "residents")))
        return str(meta.get("unit", "1")), title

    def counted(self, city: CityData) -> bool:
        """Return whether the layer counts persons, and not floor area."""
        return city.meta(self.layer).get("unit") == "persons"

    def points(self, city: CityData) -> DemandPoints:
        """Return the layer's points."""
        meta = city.meta(self.layer)
        frame = city.frame(self.layer)
        title = Title(zh=str(meta.get("title_zh", "居民")), en=str(meta.get("title_en", "residents")))
        named = frame.assign(name=None)
        return DemandPoints(self.kind, str(meta.get("unit", "1")), title, named, city.codes_of(self.layer), self.layers)


@dataclass(frozen=True, slots=True)
class Units:
    """The areas of one level, each counting one: 行政村, 乡镇, 区县; of some kinds, or of all."""

    level: str
    kind: str
    title: Title
    kinds: tuple[str, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the areas."""
        return ("areas",)

    def label(self, meta: Mapping[str, Any]) -> tuple[str, Title]:  # noqa: ARG002
        """Return their one word and title."""
        return self.kind, self.title

    def points(self, city: CityData) -> DemandPoints:
        """Return one point per area, inside it, by code."""
        areas = city.areas
        assert areas is not None
        at = areas[areas["level"] == self.level]
        if self.kinds:
            known = [kind_of(*one) for one in zip(at["level"], at["code"], at["name"], at["kind"], strict=True)]
            at = at[np.isin(np.array(known, dtype=str), self.kinds)]
        at = at.sort_values("code", kind="stable")
        frame = _frame(
            at["code"].to_numpy(), at["name"].to_numpy(), at["code"].str.slice(0, 9).to_numpy(),
            shapely.point_on_surface(at.geometry.to_numpy()), at["synthetic"].to_numpy(),
        )  # fmt: skip
        codes = dict(city.codes_in(frame))
        if self.level == "county":  # a county lies in no township
            codes["township"] = np.full(len(frame), "", dtype=object)
        return DemandPoints(self.kind, self.kind, self.title, frame, codes, self.layers)


@dataclass(frozen=True, slots=True)
class Seats:
    """The middle of each county's people, standing for its seat, each counting one."""

    people: People
    kind: str
    title: Title

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the areas and the people."""
        return ("areas", self.people.layer)

    def label(self, meta: Mapping[str, Any]) -> tuple[str, Title]:  # noqa: ARG002
        """Return their one word and title."""
        return self.kind, self.title

    def points(self, city: CityData) -> DemandPoints:
        """Return, per county, the home nearest to the weighted median of its people's places."""
        areas = city.areas
        assert areas is not None
        people = self.people.points(city)
        at = areas[(areas["level"] == "county") & areas["code"].isin(list(people.rows["county"]))]
        at = at.sort_values("code", kind="stable")
        xy = city.metres_of(people.frame)
        rows = np.array([_middle(xy, people.weight, people.rows["county"][code]) for code in at["code"]], np.int64)
        homes = people.frame.iloc[rows]
        frame = _frame(
            at["code"].to_numpy(), at["name"].to_numpy(), at["code"].to_numpy(), homes.geometry.to_numpy(),
            homes["synthetic"].to_numpy(),
        )  # fmt: skip
        codes = {**city.codes_in(frame), "township": people.codes["township"][rows]}
        return DemandPoints(self.kind, self.kind, self.title, frame, codes, self.layers)


@dataclass(frozen=True, slots=True)
class Sites:
    """Facilities in operation that themselves need to be reached, each counting one."""

    facilities: Facilities
    kind: str
    title: Title

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the facilities' layer."""
        return (self.facilities.layer,)

    def label(self, meta: Mapping[str, Any]) -> tuple[str, Title]:  # noqa: ARG002
        """Return their one word and title."""
        return self.kind, self.title

    def records(self, city: CityData) -> gpd.GeoDataFrame:
        """Return the facilities' records, in the layer's order."""
        return city.frame(self.facilities.layer)[self.facilities.serving(city)].reset_index(drop=True)

    def points(self, city: CityData) -> DemandPoints:
        """Return one point per facility, in the layer's order."""
        at = self.records(city)
        codes = at["XZQDM12"].fillna("").str.slice(0, 9).to_numpy()
        frame = _frame(
            at["FAC_ID"].to_numpy(), at["NAME"].to_numpy(), codes, at.geometry.to_numpy(), at["SYNTHETIC"].to_numpy()
        )
        return DemandPoints(self.kind, self.kind, self.title, frame, city.codes_in(frame), self.layers)


RESIDENTS: Final = People("demand.residents")
OLDER: Final = People("demand.older")
CHILDREN: Final = People("demand.children")
VILLAGES: Final = Units("village", "villages", Title(zh="行政村", en="administrative villages"), ("村委会",))
TOWNSHIPS: Final = Units("township", "townships", Title(zh="乡镇", en="townships"), ("镇", "乡"))
TOWNSHIPS_AND_STREETS: Final = Units(
    "township", "townships", Title(zh="乡镇（街道）", en="townships and subdistricts"), ("镇", "乡", "街道")
)
COUNTIES: Final = Units("county", "counties", Title(zh="区县", en="counties and districts"))
RURAL_COUNTIES: Final = Units("county", "counties", Title(zh="县", en="counties"), ("县",))


_TOWN_KINDS: Final = {"0": "街道", "1": "镇", "2": "乡", "3": "乡"}
_VILLAGE_KINDS: Final = {"0": "居委会", "1": "居委会", "2": "村委会", "3": "村委会"}


def kind_of(level: str, code: str, name: str, noted: object) -> str:
    """Return the kind of an area: what is noted, else what its code says (a county's: its name), "" if neither does.

    >>> kind_of("village", "620123101203", "李家庄", None), kind_of("county", "620123", "榆中县", None)
    ('村委会', '县')
    """
    if isinstance(noted, str) and noted:
        return noted
    if level == "county":
        return name[-1:]
    own = {"township": (6, _TOWN_KINDS), "village": (9, _VILLAGE_KINDS)}.get(level)
    return "" if own is None else own[1].get(code[own[0] : own[0] + 1], "")


def _middle(xy: F64, weight: F64, rows: I64) -> int:
    """Return which of ``rows`` lies nearest to the weighted median of them by x and by y."""
    at, heavy = xy[rows], weight[rows]
    order = np.argsort(at, axis=0, kind="stable")
    share = np.cumsum(heavy[order], axis=0)
    middle = [at[order[np.searchsorted(share[:, k], share[-1, k] / 2.0), k], k] for k in (0, 1)]
    return int(rows[np.argmin(np.hypot(*(at - middle).T))])


def _frame(ids: Any, names: Any, codes: Any, points: Any, synthetic: Any) -> gpd.GeoDataFrame:
    count = len(ids)
    return gpd.GeoDataFrame(
        {
            "demand_id": ids, "weight": np.ones(count), "area_code": codes,
            "unit_2020": np.full(count, None, dtype=object), "method": np.full(count, "1", dtype=object),
            "synthetic": synthetic, "name": names,
        },
        geometry=points, crs=CRS_KEPT,
    ).reset_index(drop=True)  # fmt: skip
