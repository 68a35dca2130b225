"""GeoPackage and GeoParquet."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from data.write.delivery import Delivery, Options, as_deliveries, aside, document, projected


def fields_table(given: Delivery) -> pd.DataFrame:
    """Return the data dictionary (字段说明) of a delivery: one row a field."""
    kinds = {"int": "整数", "float": "小数", "bool": "是/否", "text": "文本", "date": "日期"}
    rows = [
        {
            "name": key,
            "title_zh": column.zh,
            "title_en": column.en,
            "type": kinds[column.kind],
            "unit": column.unit,
            "required": "必填" if column.required else "可空",
        }
        for key, column in given.columns.items()
    ]
    return pd.DataFrame(rows, columns=["name", "title_zh", "title_en", "type", "unit", "required"], dtype="str")


def provenance_table(given: Delivery) -> pd.DataFrame:
    """Return the provenance block as key and value, what is nested as JSON text."""
    return pd.DataFrame(
        {
            "key": pd.Series(list(given.provenance), dtype="str"),
            "value": pd.Series(
                [
                    value if isinstance(value, str) else document({"": value})[5:-1]
                    for value in given.provenance.values()
                ],
                dtype="str",
            ),
        }
    )


def write_gpkg(given: Delivery | Sequence[Delivery], path: Path, options: Options) -> tuple[Path, ...]:
    """Write a GeoPackage in ``options.crs``: a layer for each delivery, a table ``fields`` and one ``provenance``.

    Title and provenance are in the file's metadata too. Version 1.2, which every GIS in use opens.
    """
    every = as_deliveries(given)
    frames = [projected(one, options.crs) for one in every]
    with aside(path) as written:
        for one, frame in zip(every, frames, strict=True):
            kinds = set(frame.geometry.geom_type.dropna())
            first = one is every[0]
            pyogrio.write_dataframe(
                frame,
                written,
                driver="GPKG",
                layer=one.name,
                geometry_type=None if len(kinds) == 1 else "Unknown",
                use_arrow=True,
                append=not first,
                dataset_options={"VERSION": "1.2"} if first else None,
                layer_options={"IDENTIFIER": one.title, "DESCRIPTION": one.title},
                dataset_metadata={"title": one.title, "provenance": document(one.provenance)} if first else None,
            )
        fields = pd.concat([fields_table(one).assign(layer=one.name) for one in every], ignore_index=True)
        for name, table in (("fields", fields), ("provenance", provenance_table(every[0]))):
            pyogrio.write_dataframe(table, written, driver="GPKG", layer=name, append=True, use_arrow=True)
    return (path,)


def write_parquet(given: Delivery, path: Path, options: Options) -> tuple[Path, ...]:
    """Write GeoParquet 1.1 in EPSG:4490; ``quantu:provenance`` and each field's title and unit in the schema."""
    del options
    with aside(path) as written:
        given.frame.to_parquet(written, index=False, compression="zstd")
        table = pq.read_table(written)
        fields = [
            field.with_metadata({"about": document(given.columns[field.name].described())})
            if field.name in given.columns
            else field
            for field in table.schema
        ]
        about = {
            **(table.schema.metadata or {}),
            "quantu:title": given.title,
            "quantu:provenance": document(given.provenance),
        }
        pq.write_table(table.cast(pa.schema(fields, metadata=about)), written, compression="zstd")
    return (path,)
