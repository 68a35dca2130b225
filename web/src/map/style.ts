/** The map's style: a pure function of what the server has, the flavour and the language. */
import type {
  ExpressionSpecification as Expression,
  FilterSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from "maplibre-gl";
import type { Area, Language, LayerInfo, ReachPolygon } from "../api";
import type { Flavour } from "../hash";
import { type Colours, FLAVOURS, RAMP_BREAKS } from "./flavours";

/** What the map is drawn from. */
export interface MapSource {
  /** Scheme and host of the tiles, `https://host:port`. */
  origin: string;
  layers: readonly LayerInfo[];
  areas: readonly Area[];
  circle: { id: string; modes: readonly string[] };
}

/** What changes without a new style: read in the layers by `global-state`. */
export interface MapState {
  minutes: number;
  mode: string;
  area: string;
  areaLevel: string;
  /** Weight of a dot of ordinary size, in the demand's unit. */
  weightRef: number;
  /** Rate by area code, for the shading at small scales. */
  rates: Record<string, number>;
}

export const NO_POLYGON: ReachPolygon = { type: "FeatureCollection", features: [] };
const FONT = ["PingFang SC,Noto Sans CJK SC,Noto Sans SC,Microsoft YaHei,Source Han Sans SC"];
const FONT_BOLD = [
  "PingFang SC Semibold,Noto Sans CJK SC Bold,Noto Sans SC Bold,Microsoft YaHei Bold,Source Han Sans SC",
];
/** At these zooms shading by area gives way to the dots, and township borders begin. */
export const SHADING_MAX_ZOOM = 10.4;
export const DOTS_MIN_ZOOM = 9.9;
/** How strongly areas are shaded; the legend shows the same. */
export const SHADING_OPACITY = 0.8;

const get = (name: string): Expression => ["get", name];
const state = (name: keyof MapState): Expression => ["global-state", name];
const is = (name: string, ...values: string[]): Expression => ["in", get(name), ["literal", values]];
const geometry = (...types: string[]): Expression => ["in", ["geometry-type"], ["literal", types]];
const all = (...conditions: Expression[]): FilterSpecification =>
  ["all", ...conditions] as unknown as FilterSpecification;
const byZoom = (base: number, ...stops: (number | Expression)[]): Expression =>
  ["interpolate", ["exponential", base], ["zoom"], ...stops] as unknown as Expression;

const NEVER_S = 1e9;

/** Seconds to the nearest facility by the mode that is asked: the least of all modes where it is a mixed one. */
export function travelSeconds(modes: readonly string[]): Expression {
  const single = modes.filter((mode) => mode !== "either");
  const seconds = (mode: string): Expression => ["coalesce", get(`${mode}_s`), NEVER_S];
  const least = ["min", ...single.map(seconds)] as unknown as Expression;
  if (single.length === 0) return ["literal", NEVER_S] as unknown as Expression;
  const branches = single.flatMap((mode) => [mode, seconds(mode)]);
  return ["match", ["string", state("mode")], ...branches, least] as unknown as Expression;
}

export function servedFilter(modes: readonly string[]): Expression {
  return ["<=", travelSeconds(modes), ["*", 60, ["number", state("minutes")]]];
}

/** Dot radius in px: area in proportion to weight, within bounds that keep a dot visible and a block from covering the map. */
function radius(): Expression {
  const size: Expression = [
    "min",
    2.6,
    ["max", 0.5, ["sqrt", ["/", ["number", get("w")], ["number", state("weightRef")]]]],
  ];
  const stop = (px: number): Expression => ["*", size, px];
  return byZoom(1.5, 9, stop(0.9), 11, stop(1.7), 13, stop(3.1), 16, stop(7));
}

function shading(colours: Colours): Expression {
  const rates: Expression = ["object", state("rates")];
  const [first, ...others] = colours.ramp;
  const steps = others.flatMap((colour, i) => [RAMP_BREAKS[i] ?? 1, colour]);
  const classes = ["step", ["number", ["get", get("code"), rates]], first, ...steps] as unknown as Expression;
  return ["case", ["has", get("code"), rates], classes, "rgba(0,0,0,0)"];
}

function sources(source: MapSource): Record<string, SourceSpecification> {
  const tiled = source.layers.map((layer): [string, SourceSpecification] => [
    layer.id,
    {
      type: "vector",
      tiles: [new URL(layer.tiles, source.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}")],
      minzoom: layer.minzoom,
      maxzoom: layer.maxzoom,
    },
  ]);
  const names: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: source.areas
      .filter(({ level }) => level !== "city")
      .map(({ bbox: [west, south, east, north], ...area }) => ({
        type: "Feature",
        properties: { code: area.code, name: area.name, name_en: area.name_en ?? null, level: area.level },
        geometry: { type: "Point", coordinates: area.point ?? [(west + east) / 2, (south + north) / 2] },
      })),
  };
  return {
    ...Object.fromEntries(tiled),
    names: { type: "geojson", data: names },
    reach: { type: "geojson", data: NO_POLYGON },
  };
}

type Draw = (layer: LayerSpecification) => LayerSpecification;

function ground(on: Draw, c: Colours): LayerSpecification[] {
  const area = (id: string, kinds: string[], colour: string, minzoom: number) =>
    on({
      id, type: "fill", source: "", minzoom,
      filter: all(is("kind", ...kinds), geometry("Polygon", "MultiPolygon")),
      paint: { "fill-color": colour, "fill-antialias": true },
    } as LayerSpecification); // biome-ignore format: one layer a line reads better
  return [
    area("residential", ["residential"], c.residential, 10),
    area("industrial", ["industrial"], c.industrial, 10),
    area("green", ["green", "park", "forest", "wood"], c.green, 8),
  ];
}

function water(on: Draw, c: Colours): LayerSpecification[] {
  // Metres to pixels: a line of known width (`width_m`) is drawn as wide as it is; 30 m where it is not known.
  const metres: Expression = ["coalesce", get("width_m"), 30];
  const wide = (pxPerMetre: number, least: number): Expression => ["max", least, ["*", metres, pxPerMetre]];
  return [
    on({
      id: "water",
      type: "fill",
      source: "",
      filter: all(is("kind", "water"), geometry("Polygon", "MultiPolygon")),
      paint: { "fill-color": c.water },
    } as LayerSpecification),
    on({
      id: "water-line",
      type: "line",
      source: "",
      filter: all(is("kind", "water", "river"), geometry("LineString", "MultiLineString")),
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": c.water,
        "line-width": byZoom(2, 8, wide(0.004, 0.8), 12, wide(0.065, 1.2), 16, wide(1.03, 2)),
      },
    } as LayerSpecification),
  ];
}

function shades(on: Draw, c: Colours): LayerSpecification[] {
  const layer = (level: string, minzoom: number, maxzoom: number, opacity: (number | Expression)[]) =>
    on({
      id: `rate-${level}`,
      type: "fill",
      source: "",
      minzoom,
      maxzoom,
      filter: all(is("level", level)),
      paint: { "fill-color": shading(c), "fill-opacity": byZoom(1, ...opacity) },
    } as LayerSpecification);
  return [
    layer("county", 0, 9.2, [8.9, SHADING_OPACITY, 9.2, 0]),
    layer("township", 8.9, SHADING_MAX_ZOOM, [8.9, 0, 9.2, SHADING_OPACITY, 9.9, SHADING_OPACITY, SHADING_MAX_ZOOM, 0]),
  ];
}

const MAJOR = ["motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"];
const MIDDLE = ["secondary", "tertiary", "secondary_link", "tertiary_link"];
const PATHS = ["footway", "path", "steps", "track", "cycleway", "bridleway", "corridor"];

function streets(on: Draw, c: Colours): LayerSpecification[] {
  const line = (id: string, minzoom: number, filter: FilterSpecification, colour: string, width: Expression, more = {}) =>
    on({
      id, type: "line", source: "", minzoom, filter,
      layout: { "line-cap": "round", "line-join": "round" },
      // Over the shading streets only hint at where things lie.
      paint: { "line-color": colour, "line-width": width, "line-opacity": byZoom(1, 9, 0.35, 10.5, 1), ...more },
    } as LayerSpecification); // biome-ignore format: one layer a line reads better
  const rest: Expression = ["!", is("highway", ...MAJOR, ...MIDDLE, ...PATHS)];
  return [
    line("street-path", 14, all(is("highway", ...PATHS)), c.street, byZoom(1.4, 14, 0.6, 17, 1.6), {
      "line-dasharray": [2, 1.5],
    }),
    line("street-minor", 11.5, all(rest), c.street, byZoom(1.5, 11.5, 0.3, 14, 1.4, 17, 6)),
    line("street-middle", 9.5, all(is("highway", ...MIDDLE)), c.street, byZoom(1.5, 9.5, 0.4, 12, 1.3, 14, 2.6, 17, 9)),
    line("street-major", 6, all(is("highway", ...MAJOR)), c.streetMajor, byZoom(1.5, 6, 0.4, 10, 1.1, 14, 3.4, 17, 11)),
    line("bridge-casing", 11, all(["to-boolean", get("bridge")], ["!", is("highway", ...PATHS)]), c.streetCasing,
      byZoom(1.5, 11, 2.4, 14, 5, 17, 13), { "line-opacity": 0.9 }), // biome-ignore format: as above
    line(
      "bridge",
      11,
      all(["to-boolean", get("bridge")], ["!", is("highway", ...PATHS)]),
      c.halo,
      byZoom(1.5, 11, 1, 14, 3.2, 17, 10),
    ),
  ];
}

function borders(on: Draw, c: Colours): LayerSpecification[] {
  const line = (id: string, minzoom: number, filter: FilterSpecification, paint: object) =>
    on({
      id, type: "line", source: "", minzoom, filter,
      layout: { "line-join": "round" },
      paint,
    } as LayerSpecification); // biome-ignore format: one layer a line reads better
  const chosen: Expression = ["==", get("code"), state("area")];
  return [
    line("border-township", 10, all(is("level", "township")), {
      "line-color": c.boundaryMinor, "line-width": byZoom(1, 10, 0.5, 14, 1.1), "line-dasharray": [4, 2], "line-opacity": 0.8,
    }), // biome-ignore format: as above
    line("border-county", 0, all(is("level", "county")), {
      "line-color": c.boundary, "line-width": byZoom(1, 7, 0.7, 12, 1.5, 15, 2), "line-dasharray": [5, 1.5, 1, 1.5],
    }), // biome-ignore format: as above
    line("border-selected", 0, all(chosen), { "line-color": c.selected, "line-width": byZoom(1, 7, 1.6, 13, 2.6) }),
  ];
}

/** What lies outside the chosen area steps back: a veil over the other areas of its level. */
function veil(on: Draw, c: Colours): LayerSpecification {
  const apart: Expression = ["all", ["==", get("level"), state("areaLevel")], ["!=", get("code"), state("area")]];
  return on({
    id: "outside-area",
    type: "fill",
    source: "",
    filter: apart as unknown as FilterSpecification,
    paint: { "fill-color": c.land, "fill-opacity": 0.66 },
  } as LayerSpecification);
}

function demand(source: MapSource, c: Colours): LayerSpecification[] {
  const id = `circles.${source.circle.id}`;
  if (!source.layers.some((layer) => layer.id === id)) return [];
  const served = servedFilter(source.circle.modes);
  const appear = byZoom(1, DOTS_MIN_ZOOM, 0, 10.2, 0.9, 14, 0.92);
  const dots = (name: string, filter: Expression, paint: object): LayerSpecification => ({
    id: name,
    type: "circle",
    source: id,
    "source-layer": id,
    minzoom: DOTS_MIN_ZOOM,
    filter: all(filter),
    paint: { "circle-radius": radius(), "circle-opacity": appear, "circle-stroke-opacity": appear, ...paint },
  });
  return [
    dots("demand-served", served, {
      "circle-color": c.served,
      "circle-stroke-color": c.halo,
      "circle-stroke-width": byZoom(1, 12, 0, 13, 0.4, 16, 1),
    }),
    // The outline is the second cue: it stays when colour is lost.
    dots("demand-unserved", ["!", served], {
      "circle-color": c.unserved,
      "circle-stroke-color": c.unservedOutline,
      "circle-stroke-width": byZoom(1, 9.5, 0.5, 12, 0.9, 14, 1.4, 16, 2),
    }),
  ];
}

/** Name of the icon of facility layer `index`; a synthetic facility's is hollow. */
export const facilityIcon = (index: number, synthetic: boolean) => `facility-${index}${synthetic ? "-synthetic" : ""}`;

function facilities(source: MapSource, c: Colours): LayerSpecification[] {
  return source.layers
    .filter((layer) => layer.kind === "facility")
    .map(
      (layer, index): LayerSpecification => ({
        id: layer.id,
        type: "symbol",
        source: layer.id,
        "source-layer": layer.id,
        minzoom: 10,
        layout: {
          "icon-image": [
            "case",
            ["to-boolean", get("SYNTHETIC")],
            facilityIcon(index, true),
            facilityIcon(index, false),
          ],
          "icon-size": byZoom(1.2, 10, 0.27, 11, 0.36, 12, 0.52, 14, 0.8, 17, 1.1),
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
          "symbol-sort-key": ["case", ["to-boolean", get("SYNTHETIC")], 0, 1],
          "text-field": ["step", ["zoom"], "", 14.5, ["coalesce", get("NAME"), ""]],
          "text-font": FONT,
          "text-size": 12,
          "text-offset": [0, 1],
          "text-anchor": "top",
          "text-optional": true,
          "text-max-width": 9,
        },
        paint: {
          "text-color": c.label,
          "text-halo-color": c.halo,
          "text-halo-width": 1.6,
          "icon-opacity": byZoom(1, 10, 0.75, 11.5, 1),
        },
      }),
    );
}

function contextLabels(
  on: { streets: Draw | null; context: Draw | null },
  c: Colours,
  name: Expression,
): LayerSpecification[] {
  const layers: LayerSpecification[] = [];
  const text = (size: Expression | number, more = {}) => ({
    "text-field": name,
    "text-font": FONT,
    "text-size": size,
    ...more,
  });
  const ink = (colour: string, width = 1.5) => ({
    "text-color": colour,
    "text-halo-color": c.halo,
    "text-halo-width": width,
  });
  if (on.streets)
    layers.push(
      on.streets({
        id: "label-street",
        type: "symbol",
        source: "",
        minzoom: 13,
        filter: all(["has", "name"]),
        layout: text(byZoom(1, 13, 10.5, 17, 13), { "symbol-placement": "line", "symbol-spacing": 420 }),
        paint: ink(c.labelMinor),
      } as LayerSpecification),
    );
  if (!on.context) return layers;
  const context = on.context;
  const point = (id: string, kinds: string[], minzoom: number, layout: object, paint: object) =>
    context({
      id, type: "symbol", source: "", minzoom,
      filter: all(is("kind", ...kinds), ["has", "name"]),
      layout, paint,
    } as LayerSpecification); // biome-ignore format: one layer a line reads better
  layers.push(
    point(
      "label-water",
      ["water", "river"],
      9,
      text(byZoom(1, 9, 12, 14, 17), { "text-letter-spacing": 0.35, "text-padding": 30 }),
      ink(c.waterText),
    ),
    point(
      "label-peak",
      ["peak"],
      10.5,
      text(11.5, { "text-field": ["concat", "▲\n", name], "text-line-height": 1.1 }),
      ink(c.labelMinor),
    ),
    point("label-place", ["place"], 11.5, text(byZoom(1, 11.5, 11, 15, 13)), ink(c.labelMinor)),
    context({
      id: "station",
      type: "circle",
      source: "",
      minzoom: 12.5,
      filter: all(is("kind", "station"), geometry("Point", "MultiPoint")),
      paint: {
        "circle-radius": byZoom(1, 12.5, 2.2, 16, 4.5),
        "circle-color": c.halo,
        "circle-stroke-color": c.station,
        "circle-stroke-width": byZoom(1, 12.5, 1.4, 16, 2.2),
      },
    } as LayerSpecification),
    point(
      "label-station",
      ["station"],
      13,
      text(11.5, { "text-anchor": "left", "text-offset": [0.7, 0] }),
      ink(c.station),
    ),
  );
  return layers;
}

function areaLabels(c: Colours, name: Expression): LayerSpecification[] {
  const label = (
    level: string,
    minzoom: number,
    maxzoom: number,
    bold: boolean,
    size: Expression,
  ): LayerSpecification => ({
    id: `label-${level}`,
    type: "symbol",
    source: "names",
    minzoom,
    maxzoom,
    filter: all(is("level", level)),
    layout: {
      "text-field": name,
      "text-font": bold ? FONT_BOLD : FONT,
      "text-size": size,
      "text-letter-spacing": bold ? 0.18 : 0.05,
      "text-max-width": 8,
      "text-padding": 4,
    },
    paint: { "text-color": bold ? c.label : c.labelMinor, "text-halo-color": c.halo, "text-halo-width": 2 },
  });
  return [
    label("township", 11, 16, false, byZoom(1, 11, 11, 14, 14)),
    label("county", 6, 14, true, byZoom(1, 6, 11, 9, 14, 12, 18)),
  ];
}

/** Return the whole style. Layers whose source the server does not have are left out. */
export function style(source: MapSource, flavour: Flavour, language: Language, initial: MapState): StyleSpecification {
  const c = FLAVOURS[flavour];
  const name: Expression = language === "en" ? ["coalesce", get("name_en"), get("name")] : get("name");
  const drawer = (kind: LayerInfo["kind"]): Draw | null => {
    const layer = source.layers.find((candidate) => candidate.kind === kind);
    return layer ? (drawn) => ({ ...drawn, source: layer.id, "source-layer": layer.id }) as LayerSpecification : null;
  };
  const [context, roads, areas] = [drawer("context"), drawer("streets"), drawer("area")];
  const layers: LayerSpecification[] = [
    { id: "land", type: "background", paint: { "background-color": c.land } },
    ...(context ? ground(context, c) : []),
    ...(areas ? shades(areas, c) : []),
    {
      id: "reach-fill",
      type: "fill",
      source: "reach",
      paint: { "fill-color": c.served, "fill-opacity": flavour === "light" ? 0.13 : 0.2 },
    },
    ...(context ? water(context, c) : []),
    ...(context
      ? [
          context({
            id: "building",
            type: "fill",
            source: "",
            minzoom: 13.5,
            filter: all(is("kind", "building"), geometry("Polygon", "MultiPolygon")),
            paint: { "fill-color": c.building, "fill-opacity": byZoom(1, 13.5, 0, 14.2, 1) },
          } as LayerSpecification),
        ]
      : []),
    ...(roads ? streets(roads, c) : []),
    {
      id: "reach-line",
      type: "line",
      source: "reach",
      layout: { "line-join": "round" },
      paint: { "line-color": c.served, "line-width": 1.2, "line-opacity": 0.75 },
    },
    ...demand(source, c),
    ...facilities(source, c),
    ...(areas ? [veil(areas, c), ...borders(areas, c)] : []),
    ...contextLabels({ streets: roads, context }, c, name),
    ...areaLabels(c, name),
  ];
  return {
    version: 8,
    name: `Quantu ${flavour} ${language}`,
    state: Object.fromEntries(Object.entries(initial).map(([key, value]) => [key, { default: value }])),
    sources: sources(source),
    layers,
  };
}
