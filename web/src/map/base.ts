/** The ground the data stand on: land, water, streets, borders and names. It steps back. */
import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import {
  all,
  byZoom,
  type Draw,
  type Expression,
  FONT,
  FONT_BOLD,
  get,
  is,
  LINES,
  POINTS,
  POLYGONS,
  state,
} from "./expressions";
import type { Colours } from "./flavours";
import { TOWNSHIP_TILES_ZOOM } from "./source";

export function land(draw: Draw, c: Colours): LayerSpecification[] {
  const area = (id: string, minzoom: number, kinds: string[], colour: string) =>
    draw({ id, type: "fill", minzoom, filter: all(is("kind", ...kinds), POLYGONS), paint: { "fill-color": colour } });
  return [
    area("residential", 10, ["residential"], c.residential),
    area("industrial", 10, ["industrial"], c.industrial),
    area("green", 8, ["green", "park", "forest", "wood"], c.green),
  ];
}

const WATER = ["water", "river"];

export function water(draw: Draw, c: Colours): LayerSpecification[] {
  // A line of known width (`width_m`) is drawn as wide as it is; as 30 m where it is not known.
  const metres: Expression = ["coalesce", get("width_m"), 30];
  const wide = (pxPerMetre: number, least: number): Expression => ["max", least, ["*", metres, pxPerMetre]];
  return [
    draw({ id: "water", type: "fill", filter: all(is("kind", ...WATER), POLYGONS), paint: { "fill-color": c.water } }),
    draw({
      id: "water-line",
      type: "line",
      filter: all(is("kind", ...WATER), LINES),
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": c.water,
        "line-width": byZoom(2, 8, wide(0.004, 0.8), 12, wide(0.065, 1.2), 16, wide(1.03, 2)),
      },
    }),
  ];
}

export function buildings(draw: Draw, c: Colours): LayerSpecification {
  return draw({
    id: "building",
    type: "fill",
    minzoom: 13.5,
    filter: all(is("kind", "building"), POLYGONS),
    paint: { "fill-color": c.building, "fill-opacity": byZoom(1, 13.5, 0, 14.2, 1) },
  });
}

const MAJOR = ["motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"];
const MIDDLE = ["secondary", "tertiary", "secondary_link", "tertiary_link"];
const PATHS = ["footway", "path", "steps", "track", "cycleway", "bridleway", "corridor"];

export function streets(draw: Draw, c: Colours): LayerSpecification[] {
  const round = { "line-cap": "round", "line-join": "round" };
  const line = (id: string, minzoom: number, filter: FilterSpecification, paint: object, layout: object = round) =>
    // Over the shading of areas, streets only hint at where things lie.
    draw({
      id,
      type: "line",
      minzoom,
      filter,
      layout,
      paint: { "line-opacity": byZoom(1, 9, 0.35, 10.5, 1), ...paint },
    });
  const minor: Expression = ["!", is("highway", ...MAJOR, ...MIDDLE, ...PATHS)];
  const bridge: Expression = ["to-boolean", get("bridge")];
  const middleWidth = byZoom(1.5, 9.5, 0.4, 12, 1.3, 14, 2.6, 17, 9);
  const majorWidth = byZoom(1.5, 6, 0.4, 10, 1.1, 14, 3.4, 17, 11);
  const casing = { "line-color": c.streetCasing };
  const butt = { "line-cap": "butt", "line-join": "round" };
  return [
    line("street-path", 14, all(is("highway", ...PATHS)), {
      "line-color": c.street,
      "line-width": byZoom(1.4, 14, 0.6, 17, 1.6),
      "line-dasharray": [2, 1.5],
    }),
    line("street-minor", 11.5, all(minor), {
      "line-color": c.street,
      "line-width": byZoom(1.5, 11.5, 0.3, 14, 1.4, 17, 6),
    }),
    line("street-middle", 9.5, all(is("highway", ...MIDDLE)), { "line-color": c.street, "line-width": middleWidth }),
    line("street-major", 6, all(is("highway", ...MAJOR)), { "line-color": c.streetMajor, "line-width": majorWidth }),
    line(
      "bridge-middle-casing",
      12,
      all(bridge, is("highway", ...MIDDLE)),
      { ...casing, "line-width": byZoom(1.5, 12, 2.8, 14, 4.6, 17, 12) },
      butt,
    ),
    line("bridge-middle", 12, all(bridge, is("highway", ...MIDDLE)), {
      "line-color": c.street,
      "line-width": middleWidth,
    }),
    line(
      "bridge-major-casing",
      10.5,
      all(bridge, is("highway", ...MAJOR)),
      { ...casing, "line-width": byZoom(1.5, 10.5, 2.4, 14, 5.6, 17, 14) },
      butt,
    ),
    line("bridge-major", 10.5, all(bridge, is("highway", ...MAJOR)), {
      "line-color": c.streetMajor,
      "line-width": majorWidth,
    }),
  ];
}

export function borders(draw: Draw, c: Colours): LayerSpecification[] {
  const line = (id: string, minzoom: number, filter: FilterSpecification, paint: object) =>
    draw({ id, type: "line", minzoom, filter, layout: { "line-join": "round" }, paint });
  return [
    line("border-township", TOWNSHIP_TILES_ZOOM, all(is("level", "township")), {
      "line-color": c.boundaryMinor,
      "line-width": byZoom(1, 9, 0.4, 10, 0.5, 14, 1.1),
      "line-dasharray": [4, 2],
      "line-opacity": 0.8,
    }),
    line("border-county", 0, all(is("level", "county")), {
      "line-color": c.boundary,
      "line-width": byZoom(1, 7, 0.7, 12, 1.5, 15, 2),
      "line-dasharray": [5, 1.5, 1, 1.5],
    }),
    line("border-selected", 0, all(["==", get("code"), state("area")], ["!", is("level", "city")]), {
      "line-color": c.selected,
      "line-width": byZoom(1, 7, 1.6, 13, 2.6),
    }),
  ];
}

/** Short Chinese names may be set wide; a Latin name would fall apart. */
const spaced = (name: Expression, longest: number, wide: number): Expression => [
  "case",
  ["all", ["<=", ["length", ["to-string", name]], longest], [">=", ["to-string", name], "一"]],
  wide,
  0.03,
];

const ink = (colour: string, c: Colours, halo: number | Expression = 1.6) => ({
  "text-color": colour,
  "text-halo-color": c.halo,
  "text-halo-width": halo,
});

export function streetNames(draw: Draw, c: Colours, name: Expression): LayerSpecification {
  return draw({
    id: "label-street",
    type: "symbol",
    minzoom: 13,
    filter: all(["has", "name"]),
    layout: {
      "text-field": name,
      "text-font": FONT,
      "text-size": byZoom(1, 13, 10.5, 17, 13),
      "symbol-placement": "line",
      "symbol-spacing": 420,
    },
    paint: ink(c.labelMinor, c),
  });
}

/** Names of places, waters, peaks and stations; those in `known` are written by `areaNames` already. */
export function placeNames(draw: Draw, c: Colours, name: Expression, known: string[]): LayerSpecification[] {
  const label = (id: string, kinds: string[], minzoom: number, colour: string, layout: object, halo?: Expression) =>
    draw({
      id,
      type: "symbol",
      minzoom,
      filter: all(is("kind", ...kinds), ["has", "name"], ["!", is("name", ...known)]),
      layout: { "text-field": name, "text-font": FONT, "text-size": 11.5, ...layout },
      paint: ink(colour, c, halo),
    });
  return [
    // Borders run along rivers: the halo is wide and the letters close enough to keep them out of the name.
    label(
      "label-water",
      WATER,
      9,
      c.waterText,
      {
        "text-size": byZoom(1, 9, 12, 14, 17),
        "text-letter-spacing": spaced(name, 4, 0.16),
        "text-padding": 30,
      },
      byZoom(1, 9, 1.8, 11, 2.8),
    ),
    label("label-peak", ["peak"], 10.5, c.labelMinor, {
      "text-field": ["concat", "▲\n", name],
      "text-line-height": 1.1,
    }),
    label("label-place", ["place"], 11.5, c.labelMinor, { "text-size": byZoom(1, 11.5, 11, 15, 13) }),
    draw({
      id: "station",
      type: "circle",
      minzoom: 12.5,
      filter: all(is("kind", "station"), POINTS),
      paint: {
        "circle-radius": byZoom(1, 12.5, 2.2, 16, 4.5),
        "circle-color": c.halo,
        "circle-stroke-color": c.station,
        "circle-stroke-width": byZoom(1, 12.5, 1.4, 16, 2.2),
      },
    }),
    label("label-station", ["station"], 13, c.station, { "text-anchor": "left", "text-offset": [0.7, 0] }),
  ];
}

/** Names of counties and townships, from the source `names`: one point each, so that no tile repeats them. */
export function areaNames(c: Colours, name: Expression): LayerSpecification[] {
  const label = (level: string, minzoom: number, maxzoom: number, layout: object, paint: object) =>
    ({
      id: `label-${level}`,
      type: "symbol",
      source: "names",
      minzoom,
      maxzoom,
      filter: all(is("level", level)),
      layout: { "text-field": name, "text-max-width": 8, "text-padding": 4, ...layout },
      paint,
    }) as LayerSpecification;
  return [
    label(
      "township",
      11.6,
      16,
      { "text-font": FONT, "text-size": byZoom(1, 11.6, 11, 14, 14), "text-letter-spacing": spaced(name, 6, 0.05) },
      ink(c.labelMinor, c, 2),
    ),
    label(
      "county",
      6,
      14,
      {
        "text-font": FONT_BOLD,
        "text-size": byZoom(1, 6, 11, 9, 14, 12, 18),
        "text-letter-spacing": spaced(name, 4, 0.18),
      },
      ink(c.label, c, 2),
    ),
  ];
}
