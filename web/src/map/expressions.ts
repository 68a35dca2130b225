/** The small language the layers are written in: short names for the style specification's expressions. */
import type { ExpressionSpecification as Expression, FilterSpecification, LayerSpecification } from "maplibre-gl";
import type { LayerInfo } from "../api";
import type { MapState } from "./source";

export type { Expression };

// MapLibre draws the glyphs itself from these families; the weight is read from the first name, which no font bears.
const FAMILIES = "PingFang SC,Noto Sans CJK SC,Noto Sans SC,Microsoft YaHei,Source Han Sans SC";
export const FONT = [`Quantu Regular,${FAMILIES}`];
export const FONT_BOLD = [`Quantu Bold,${FAMILIES}`];

export const get = (name: string): Expression => ["get", name];
export const state = (name: keyof MapState): Expression => ["global-state", name];
export const is = (name: string, ...values: string[]): Expression => ["in", get(name), ["literal", values]];
export const all = (...conditions: Expression[]) => ["all", ...conditions] as unknown as FilterSpecification;
export const POINTS: Expression = ["in", ["geometry-type"], ["literal", ["Point", "MultiPoint"]]];
export const LINES: Expression = ["in", ["geometry-type"], ["literal", ["LineString", "MultiLineString"]]];
export const POLYGONS: Expression = ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]];

/** Values at zooms, `zoom, value, zoom, value …`, between them growing by `base` a zoom. */
export const byZoom = (base: number, ...stops: (number | Expression)[]) =>
  ["interpolate", ["exponential", base], ["zoom"], ...stops] as unknown as Expression;

/** Draws a layer from one tile layer of the server; the style's test holds what is drawn to the specification. */
export type Draw = (
  layer: { id: string; type: LayerSpecification["type"] } & Record<string, unknown>,
) => LayerSpecification;

export const drawFrom =
  ({ id }: LayerInfo): Draw =>
  (layer) =>
    ({ ...layer, source: id, "source-layer": id }) as unknown as LayerSpecification;
