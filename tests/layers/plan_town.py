"""The town with facilities whose counts are known by heart, and circles that answer what they are told."""

from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import shapely

from data.city import CityData
from data.frames import conform
from data.stores.embedded import EmbeddedStore
from geo.errors import NotFoundError
from layers.answer import (
    AreaRef,
    AreaRow,
    CircleAnswer,
    Clause,
    Demand,
    FacilityCount,
    Gap,
    StraightLine,
    Title,
)
from layers.facilities.catalogue import FACILITY_LAYERS
from layers.plan.assess import Sources, assess
from layers.plan.figure import Item
from layers.plan.settings import rules_of
from tests.town import CITY, frames

CENSUS = 4359446
NOTHING = Gap(beyond=0, unreachable=0, off_network=0)


def day(text):
    return pd.Timestamp(text)


def layer(name, rows, *, synthetic=False):
    """Facilities of one layer, by their fields; ids are numbered, the county is 城关 unless told."""
    spec = FACILITY_LAYERS[name].spec
    frame = pd.DataFrame(rows)
    frame["FAC_ID"] = [f"{name}-{i}" for i in range(len(frame))]
    frame["CRS_SRC"], frame["SRC"], frame["SYNTHETIC"] = "EPSG:4490", "by hand", synthetic
    codes = frame["XZQDM12"] if "XZQDM12" in frame else pd.Series([None] * len(frame))
    frame["XZQDM12"] = codes.fillna("620102001000")
    points = [shapely.Point(103.8, 36.05)] * len(frame)
    return spec.name, conform(gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4490"), spec)


def table(spec, rows):
    """Rows of one of the plan's tables."""
    frame = pd.DataFrame([{"SYNTHETIC": False, "SOURCE": "by hand", **row} for row in rows])
    return spec.name, conform(gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs="EPSG:4490"), spec)


def publish(path, layers):
    store = EmbeddedStore.create(path, CITY)
    with store.batch() as draft:
        for name, frame in [*frames().items(), *layers]:
            draft.put(name, frame, {})
    store.publish("the plan's town")
    return store


def city_of(path, layers):
    store = publish(path, layers)
    return CityData(store, store.edition())


class Told:
    """Circles that answer (covered, total), with the names of what is outside."""

    def __init__(self, **answers):
        self.answers = {key.replace("_", "-"): value for key, value in answers.items()}
        self.asked = []

    def answer(self, circle_id, **given):
        self.asked.append((circle_id, given))
        if circle_id not in self.answers:
            raise NotFoundError(f"no circle {circle_id!r}")
        covered, total, _ = self.answers[circle_id]
        return CircleAnswer(
            circle=circle_id, title=Title(zh=f"{circle_id}圈", en=circle_id), area=AreaRef(code="620100", name="兰州市"),
            edition="1", parameters={}, standard_question=True, variants=[], diagnostics={}, notices=[],
            clause=Clause(text="", source="", url=None, confidence="cited"),
            demand=Demand(kind="d", unit="units", title=Title(zh="村", en="villages"), total=total, covered=covered,
                          rate=covered / total if total else None),
            gap=NOTHING, straight_line=StraightLine(covered=0, rate=None, false_share=None),
            by_area=[
                AreaRow(code="620102", name="城关区", level="county", total=total, covered=covered, rate=None, gap=NOTHING,
                        straight_rate=None),
                AreaRow(code="620102001", name="南岸街道", level="township", total=total, covered=covered, rate=None,
                        gap=NOTHING, straight_rate=None),
            ],
            facilities=FacilityCount(total=1, off_network=0, synthetic=0),
        )  # fmt: skip

    def outside(self, circle_id, **given):
        return [Item(id=name, name=name, travel_s=60.0 * i) for i, name in enumerate(self.answers[circle_id][2], 1)]


def assessed(city, year, *settings, circles=None, as_of="2027-01-31"):
    rules = rules_of([f"as_of={as_of}", *settings])
    return assess(Sources(city, circles or Told(), CENSUS), year, rules)


def one(report, code):
    return next(a for a in report.assessments if a.indicator.code == code)


NOW = datetime(2026, 2, 1, tzinfo=UTC)
