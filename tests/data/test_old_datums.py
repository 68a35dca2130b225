"""Datums before CGCS2000 are refused by what they are, whatever code or zone they are written with."""

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS

from data.read.files import read_vector, refuse_old_datums
from geo.errors import InputError

_XIAN = 'DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]]'
_BEIJING = 'DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245.0,298.3]]'
_PULKOVO = 'DATUM["D_Pulkovo_1942",SPHEROID["Krasovsky_1940",6378245.0,298.3]]'
_OWN = 'DATUM["D_Local",SPHEROID["Krasovsky_1940",6378245.0,298.3]]'


def esri(name, datum, meridian=None):
    """A .prj as ArcGIS writes it: without codes; projected on a meridian of its own where one is given."""
    gcs = f'GEOGCS["{name}",{datum},PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    if meridian is None:
        return gcs
    return (
        f'PROJCS["Local_{meridian}",{gcs},PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],'
        f'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("EPSG:4214", "in Beijing 54;"), ("EPSG:2412", "in Beijing 54;"), ("EPSG:2412+5737", "in Beijing 54;"),
        ("EPSG:4610", "in Xi'an 80;"), ("EPSG:2381", "in Xi'an 80;"),
        ("EPSG:4555", "in New Beijing;"), ("EPSG:4793", "in New Beijing;"),
        (esri("GCS_Xian_1980", _XIAN), "in Xi'an 80;"), (esri("GCS_Xian_1980", _XIAN, 103.5), "in Xi'an 80;"),
        (esri("GCS_Beijing_1954", _BEIJING), "in Beijing 54;"), (esri("GCS_Beijing_1954", _BEIJING, 103.83), "in Beijing 54;"),
        (esri("西安80", _OWN), "in Xi'an 80;"),
        (esri("GCS_Lanzhou", _OWN, 103.75), "Krassowsky's ellipsoid of 1940"),
        ("+proj=longlat +ellps=krass +no_defs", "Krassowsky's ellipsoid of 1940"),
        ("+proj=tmerc +lon_0=103.5 +x_0=500000 +ellps=krass +towgs84=15.8,-154.4,-82.3", "Krassowsky's ellipsoid"),
        ("+proj=tmerc +lon_0=103.5 +x_0=500000 +a=6378140 +b=6356755.288", "the IAG ellipsoid of 1975"),
    ],
)  # fmt: skip
def test_old_datums_are_refused_whatever_their_code(stated, said):
    with pytest.raises(InputError, match=r"only ballpark.*Mend: transform it") as caught:
        refuse_old_datums(CRS.from_user_input(stated), "a.shp")
    assert said in str(caught.value)
    assert [fault.code for fault in caught.value.faults] == ["refused_datum"]


@pytest.mark.parametrize(
    "stated",
    ["EPSG:4490", "EPSG:4544", "EPSG:4523", "EPSG:4326", "EPSG:3857", "EPSG:4258", "EPSG:25831", "EPSG:4269", "EPSG:4267",
     "EPSG:27700", "EPSG:4284", "EPSG:28410", "EPSG:3120", "EPSG:4147", "EPSG:5561", "EPSG:6668", "EPSG:7844",
     esri("GCS_Pulkovo_1942", _PULKOVO, 37.5),
     esri("GCS_China_Geodetic_Coordinate_System_2000", 'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]]', 103.83)],
)  # fmt: skip
def test_other_datums_are_read(stated):
    refuse_old_datums(CRS.from_user_input(stated), "a.shp")


def test_a_shapefile_with_a_prj_of_its_own_is_refused(tmp_path):
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"n": ["甲"]}, geometry=[shapely.Point(500_000, 3_990_000)], crs="EPSG:4544").to_file(path)
    path.with_suffix(".prj").write_text(esri("GCS_Xian_1980", _XIAN, 103.83))
    with pytest.raises(InputError, match="Xi'an 80"):
        read_vector(path, crs=None)
