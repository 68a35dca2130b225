"""Every facility layer's declaration, and what follows from it: dictionary, schema, tags, regions of the plan."""

import re
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.frames import CRS_KEPT, common_facility_columns, conform
from data.read.objects import Objects
from data.read.osm_facilities import fed_layers
from data.read.osm_rules import tag_table
from data.read.places import places
from data.regions import regions
from layers.dictionary import dictionary, json_schema
from layers.facilities.catalogue import FACILITY_LAYERS

REPO = Path(__file__).resolve().parents[2]
PLAN = REPO.parent / "shared" / "plan" / "action-plan-2024-2026.txt"
LAYERS = FACILITY_LAYERS.items
every_layer = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)


def test_every_layer_of_the_list_is_there_and_is_one_file():
    ids = [layer.id for layer in LAYERS]
    assert ids == sorted(ids)
    assert set(ids) == {
        "logistics_firms", "logistics", "commerce", "scenic", "elderly", "sports", "health", "childcare", "culture", "expo",
        "incubators", "firms", "transport", "vegetable_bases", "education", "community", "new_communities",
    }  # fmt: skip
    assert {path.stem for path in (REPO / "layers" / "facilities").glob("*.py")} >= set(ids)


@every_layer
def test_fields_survive_a_shapefile_and_are_titled(layer):
    for name, column in layer.spec.columns.items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", name), name
        assert len(name.encode()) <= 10, name
        assert column.zh, name
        assert column.en, name
        assert re.search("[\u4e00-\u9fff]", column.zh), name
    assert layer.title.zh
    assert layer.title.en
    assert layer.basis.title
    assert layer.basis.clause
    assert set(layer.obligatory) <= set(layer.spec.columns)
    assert set(layer.identity) <= set(layer.spec.columns)
    assert "NAME" in layer.identity


@every_layer
def test_numbers_have_units_and_ranges(layer):
    for name, column in layer.own.items():
        if column.kind in {"int", "float"}:
            assert column.low is not None, name
            assert column.high is not None, name
            assert column.low < column.high, name
            assert column.unit or column.check == "year" or column.values, name


@every_layer
def test_synonyms_lead_to_allowed_values_and_examples_are_allowed(layer):
    for name, column in layer.spec.columns.items():
        assert len(set(column.values)) == len(column.values), name
        assert set(column.synonyms.values()) <= set(column.values), name
        assert not set(column.synonyms) & set(column.values), name
        if column.values and column.example:
            assert column.example in column.values, name
        if column.low is not None and column.high is not None and column.example:
            assert column.low <= float(column.example) <= column.high, name


@every_layer
def test_no_heading_means_two_fields(layer):
    seen: dict[str, str] = {}
    for name, column in layer.spec.columns.items():
        for heading in {column.zh, *column.aliases}:
            assert seen.setdefault(heading, name) == name, f"{heading}: {seen[heading]} and {name}"


def test_no_two_layers_are_drawn_alike():
    assert len({(layer.colour, layer.shape) for layer in LAYERS}) == len(LAYERS)
    ground = luminance("#faf9f5")
    for layer in LAYERS:
        assert (ground + 0.05) / (luminance(layer.colour) + 0.05) >= 3.0, layer.id
    for one, other in combinations(LAYERS, 2):
        if one.shape == other.shape:
            assert np.linalg.norm(seen_by_deuteranope(one.colour) - seen_by_deuteranope(other.colour)) > 0.05, (
                one.id,
                other.id,
            )


def linear(colour):
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ (0.2126, 0.7152, 0.0722))


def seen_by_deuteranope(colour):
    """Linear RGB without green cones (Viénot, Brettel, Mollon 1999)."""
    return np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]) @ linear(colour)


def test_contacts_are_internal_in_every_layer():
    for layer in LAYERS:
        internal = {name for name, column in layer.spec.columns.items() if column.tier == "internal"}
        assert internal == {"CONTACT", "PHONE"}
        for lang in ("zh", "en"):
            assert not internal & set(json_schema(layer, lang)["properties"])


def test_grades_are_read_as_they_are_written():
    grade = FACILITY_LAYERS["scenic"].own["GRADE"]
    for written in ("AAAA", "4A级", "四A级", "AAAA级", "国家4A级旅游景区", "四A"):
        assert grade.synonyms[written] == "4A"
    assert FACILITY_LAYERS["elderly"].own["GRADE"].synonyms["三星级"] == "3"


@every_layer
def test_the_dictionary_has_a_row_a_field(layer):
    table = dictionary(layer)
    assert list(table["字段名"]) == list(layer.spec.columns)
    assert set(table.loc[table["必填"] == "是", "字段名"]) == set(layer.obligatory)
    assert not (table["中文名"] == "").any()
    row = table.set_index("字段名").loc["STATUS"]
    assert row["允许值"] == "规划、在建、运营、停用"
    assert table.set_index("字段名").loc["PHONE", "公开属性"] == "内部"


def fits(record, schema):
    """The faults of a record by the parts of JSON Schema that ours uses."""
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    faults = [name for name in schema["required"] if name not in record]
    for name, value in record.items():
        rule = schema["properties"].get(name)
        if rule is None:
            faults.append(f"{name} is unknown")
        elif not isinstance(value, types[rule["type"]]) or (
            isinstance(value, bool) and rule["type"] in {"integer", "number"}
        ):
            faults.append(f"{name} is no {rule['type']}")
        elif value not in rule.get("enum", [value]) or not re.search(rule.get("pattern", ""), str(value)):
            faults.append(f"{name} may not be {value}")
    return faults


@every_layer
def test_the_schema_fits_its_example_and_refuses_others(layer):
    schema = json_schema(layer)
    assert schema["$schema"].endswith("2020-12/schema")
    assert [name for name, rule in schema["properties"].items() if rule.get("x-ogc-role") == "id"] == ["FAC_ID"]
    assert [name for name, rule in schema["properties"].items() if rule.get("x-ogc-role") == "title"] == ["NAME"]
    assert schema["properties"]["geometry"]["x-ogc-role"] == "primary-geometry"
    record = {name: rule["examples"][0] for name, rule in schema["properties"].items() if rule.get("examples")}
    record |= {"CRS_SRC": "EPSG:4326", "SYNTHETIC": False}
    assert fits(record, schema) == []
    assert fits(record | {"STATUS": "不知道"}, schema) == ["STATUS may not be 不知道"]
    assert fits(record | {"PHONE": "0931"}, schema) == ["PHONE is unknown"]
    assert fits({k: v for k, v in record.items() if k != "FAC_ID"}, schema) == ["FAC_ID"]
    for name, column in layer.spec.columns.items():
        if column.unit and column.tier == "public":
            assert schema["properties"][name]["x-ogc-unit"], name


def test_the_schema_speaks_both_languages():
    layer = FACILITY_LAYERS["elderly"]
    assert json_schema(layer)["properties"]["BEDS"]["title"] == "床位数"
    assert json_schema(layer, "en")["properties"]["BEDS"]["title"] == "beds"
    assert json_schema(layer)["properties"]["GRADE"]["enum"] == [1, 2, 3, 4, 5]


def test_tags_fill_declared_fields_with_allowed_values():
    assert set(fed_layers()) <= {layer.id for layer in LAYERS}
    assert set(tag_table()["facility_names"]) <= set(fed_layers())
    for layer in LAYERS:
        fed = [*layer.feeds.values(), *tag_table()["facility_names"].get(layer.id, {}).values()]
        for fields in fed:
            for name, value in fields.items():
                assert value in layer.own[name].values, (layer.id, name, value)
    by_sport = set(tag_table()["sports"]["by_sport"].values())
    assert by_sport <= set(FACILITY_LAYERS["sports"].kinds)


def town(*rows):
    """Objects from (tags, geometry)."""
    return Objects(
        [f"o{k}" for k in range(len(rows))],
        [tags for tags, _ in rows],
        np.array([shape for _, shape in rows], dtype=object),
        {"o1": shapely.Point(103.8001, 36.0)},
        "a test",
        "EPSG:4326",
    )


def square(x, y, half=0.001):
    return shapely.box(x - half, y - half, x + half, y + half)


def test_tags_become_facilities_and_protected_land_hides_them():
    point = shapely.Point
    got = places(
        town(
            ({"amenity": "hospital", "name": "某镇卫生院"}, point(103.80, 36.05)),
            ({"amenity": "hospital", "name": "市一院"}, square(103.80, 36.00)),
            ({"amenity": "hospital"}, point(103.8005, 36.0005)),
            ({"landuse": "military"}, square(103.90, 36.00, 0.01)),
            ({"amenity": "clinic"}, point(103.90, 36.00)),
            ({"amenity": "clinic", "disused": "yes"}, point(103.70, 36.00)),
            ({"amenity": "school", "name": "实验小学"}, point(103.70, 36.01)),
            ({"amenity": "school"}, point(103.70, 36.02)),
            ({"railway": "station", "station": "subway"}, point(103.70, 36.03)),
            ({"amenity": "prison"}, square(103.60, 36.0, 0.005)),
            ({"shop": "convenience"}, point(103.60, 36.0)),
            ({"building": "yes"}, square(103.61, 36.02)),
        )
    ).facilities
    health = conform(got["health"], FACILITY_LAYERS["health"].spec).set_index("FAC_ID")
    assert health["KIND"].to_dict() == {"o0": "乡镇卫生院", "o1": "医院"}
    assert health.loc["o1", "NAME"] == "市一院"
    assert health.loc["o1"].geometry.equals(shapely.Point(103.8001, 36.0))  # the main entrance
    assert (health[["OSM_TAG", "CRS_SRC", "SRC"]] == ["amenity=hospital", "EPSG:4326", "a test"]).all(axis=None)
    school = conform(got["education"], FACILITY_LAYERS["education"].spec).set_index("FAC_ID")["KIND"]
    assert school["o6"] == "小学"
    assert gpd.pd.isna(school["o7"])  # a school is not said to be one kind or another
    assert got["transport"]["KIND"].tolist() == ["地铁站"]
    assert len(got["commerce"]) == 0
    assert all(frame.crs == CRS_KEPT for frame in got.values())


@pytest.mark.real
def test_real_files_feed_every_layer_their_tags_allow(real_dir):
    from data.read.context import read_context
    from data.read.osm import read_osm

    core = real_dir / "lanzhou-core"
    got = read_context([core / "polygons.geojson", core / "pois.geojson"])
    counts = {layer: len(frame) for layer, frame in got.facilities.items()}
    # counted by hand in the files: 29 + 8 hospitals … less the points inside an area of the same tag
    assert counts["community"] == 355
    assert counts["education"] == 140
    assert counts["commerce"] == 183
    kinds = got.facilities["commerce"]["OSM_TAG"].value_counts()
    assert kinds["shop=convenience"] == 87 + 2
    assert kinds["shop=supermarket"] == 32
    andorra = read_osm(real_dir / "andorra" / "andorra.osm.pbf").facilities
    assert andorra["transport"]["KIND"].value_counts().to_dict() == {"公交站": 7, "机场": 1, "客运站": 1}
    for layer in LAYERS:
        if layer.id in got.facilities:
            conform(got.facilities[layer.id], layer.spec)
            conform(andorra[layer.id], layer.spec)


def test_regions_stand_in_the_plan():
    listed = regions()
    assert len({one.code for one in listed}) == len(listed)
    counts = {kind: sum(one.kind == kind for one in listed) for kind in {one.kind for one in listed}}
    assert counts["枢纽"] == 3
    assert counts["商贸物流聚集区"] == 8
    assert counts["运动带"] == 3
    assert counts["蔬菜基地"] == 5
    for one in listed:
        assert one.name_zh
        assert one.name_en
        assert 0 <= one.sector <= 12
        assert one.note or "未列名" not in one.name_zh


@pytest.mark.real
def test_regions_quote_the_plan(real_dir):
    text = (real_dir.parent / "plan" / PLAN.name).read_text(encoding="utf-8")
    assert [one.code for one in regions() if one.quote not in text] == []


def test_common_fields_are_those_of_the_standard():
    assert set(common_facility_columns()) >= {
        "FAC_ID", "NAME", "CAT", "XZQDM12", "XZQMC", "ADDR", "CRS_SRC", "ACC_M", "SRC", "SURV_DATE", "STATUS", "OPEN_DATE",
        "CLOSE_DATE", "USCC", "GB4754", "PUB_LVL", "CHK_STATE", "CONTACT", "PHONE",
    }  # fmt: skip
