/** What the map is for: who is served and who is not, by area and by dot, and the facilities. */
import type { LayerSpecification } from "maplibre-gl";
import type { Area, LayerInfo, Mode } from "../api";
import { dotRule } from "../question";
import { all, byZoom, type Draw, drawFrom, type Expression, FONT, get, is, state } from "./expressions";
import { type Colours, RAMP_BREAKS } from "./flavours";
import {
  crowd,
  DOTS_MIN_ZOOM,
  FACILITIES_MIN_ZOOM,
  hasLevel,
  type MapSource,
  PIECES_MIN_ZOOM,
  SHADING_MAX_ZOOM,
  SHADING_OPACITY,
  TOWNSHIP_TILES_ZOOM,
  TOWNSHIPS_ZOOM,
} from "./source";

const NEVER_S = 1e9;

/** Whether a dot is inside the circle, by the choice and at the limit of the map's state. */
export function served(modes: readonly Mode[]): Expression {
  const inside = (mode: string): Expression => {
    const rule = dotRule({ modes }, mode);
    if (rule.kind === "verdict") return ["==", get("st"), "ok"];
    const times = rule.names.map((name): Expression => ["coalesce", get(`${name}_s`), NEVER_S]);
    return ["<=", ["min", NEVER_S, ...times] as unknown as Expression, ["number", state("seconds")]];
  };
  const [own, ...others] = modes.map(({ id }) => id);
  if (own === undefined || others.length === 0) return inside(own ?? "");
  const branches = others.flatMap((mode) => [mode, inside(mode)]);
  return ["match", ["string", state("mode")], ...branches, inside(own)] as unknown as Expression;
}

/** Dot radius in px: area in proportion to weight, within bounds that keep a dot visible and a block from covering the map. */
function radius(): Expression {
  const ratio: Expression = ["/", ["number", get("w")], ["number", state("weightRef")]];
  const size: Expression = ["min", 2.6, ["max", 0.6, ["sqrt", ratio]]];
  const stop = (px: number): Expression => ["*", size, px];
  return byZoom(1.5, 9, stop(1.2), 10.5, stop(1.9), 11.2, stop(1.9), 13, stop(3.1), 16, stop(7));
}

/** Radius of a village, a township, a site: large enough to be found, the same for each. */
const PIECE_RADIUS = byZoom(1.4, PIECES_MIN_ZOOM, 2.8, 9, 3.8, 10.5, 4.8, 12, 6, 14, 8, 16, 10);

export function dots(draw: Draw, { modes, counted }: MapSource["circle"], c: Colours): LayerSpecification[] {
  const inside = served(modes);
  const from = counted ? PIECES_MIN_ZOOM : DOTS_MIN_ZOOM;
  const solid = counted ? 1 : 0.9;
  const appear = byZoom(1, from, 0, from + 0.3, solid, 14, counted ? 1 : 0.92);
  const layer = (id: string, filter: Expression, paint: object) =>
    draw({
      id,
      type: "circle",
      minzoom: from,
      filter: all(filter),
      paint: {
        "circle-radius": counted ? PIECE_RADIUS : radius(),
        "circle-opacity": appear,
        "circle-stroke-opacity": appear,
        ...paint,
      },
    });
  return [
    layer("demand-served", inside, {
      "circle-color": c.served,
      "circle-stroke-color": c.halo,
      "circle-stroke-width": counted ? 1 : byZoom(1, 12, 0, 13, 0.4, 16, 1),
    }),
    // The outline is the second cue: it stays when colour is lost.
    layer("demand-unserved", ["!", inside], {
      "circle-color": c.unserved,
      "circle-stroke-color": c.unservedOutline,
      "circle-stroke-width": byZoom(1, 9.5, 0.5, 12, 0.9, 14, 1.4, 16, 2),
    }),
  ];
}

/** Names of villages, townships and sites, where there is room for them. */
export function dotNames(draw: Draw, c: Colours): LayerSpecification {
  return draw({
    id: "demand-names",
    type: "symbol",
    minzoom: 11,
    layout: {
      "text-field": ["coalesce", get("name"), ""],
      "text-font": FONT,
      "text-size": byZoom(1, 11, 11, 14, 13),
      "text-offset": [0, 0.8],
      "text-anchor": "top",
      "text-max-width": 9,
    },
    paint: { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.6 },
  });
}

function classes(c: Colours): Expression {
  const rates: Expression = ["object", state("rates")];
  const [first, ...others] = c.ramp;
  const steps = others.flatMap((colour, i) => [RAMP_BREAKS[i] ?? 1, colour]);
  const colour = ["step", ["number", ["get", get("code"), rates]], first, ...steps] as unknown as Expression;
  return ["case", ["has", get("code"), rates], colour, "rgba(0,0,0,0)"];
}

/** Areas shaded by rate: counties, then townships where there are any, until the dots take over. */
export function shading(draw: Draw, areas: readonly Area[], c: Colours): LayerSpecification[] {
  const layer = (level: string, minzoom: number, maxzoom: number, opacity: number[]) =>
    draw({
      id: `rate-${level}`,
      type: "fill",
      minzoom,
      maxzoom,
      filter: all(is("level", level)),
      paint: { "fill-color": classes(c), "fill-opacity": byZoom(1, ...opacity) },
    });
  const [from, to] = [DOTS_MIN_ZOOM, SHADING_MAX_ZOOM];
  if (!hasLevel(areas, "township")) return [layer("county", 0, to, [from, SHADING_OPACITY, to, 0])];
  const [far, near] = [TOWNSHIP_TILES_ZOOM, TOWNSHIPS_ZOOM];
  return [
    layer("county", 0, near, [far, SHADING_OPACITY, near, 0]),
    layer("township", far, to, [far, 0, near, SHADING_OPACITY, from, SHADING_OPACITY, to, 0]),
  ];
}

/** What lies outside the chosen area steps back: a veil over the other areas of its level. */
export function veil(draw: Draw, c: Colours): LayerSpecification {
  return draw({
    id: "outside-area",
    type: "fill",
    filter: all(["==", get("level"), state("areaLevel")], ["!=", get("code"), state("area")]),
    paint: { "fill-color": c.land, "fill-opacity": 0.66 },
  });
}

/** Name of the icon of the `index`-th facility layer; a synthetic facility's is hollow. */
export const facilityIcon = (index: number, synthetic: boolean) => `facility-${index}${synthetic ? "-synthetic" : ""}`;

/** The kinds of facility of a layer that each choice counts; null where it counts them all or none are told. */
function counts(layer: string, modes: readonly Mode[]): Expression | null {
  const told = (mode: Mode): Expression | boolean => {
    const own = mode.facilities.filter((each) => each.layer === layer);
    if (own.length === 0) return false;
    return own.every(({ kinds }) => kinds.length > 0) ? is("KIND", ...own.flatMap(({ kinds }) => kinds)) : true;
  };
  const [own, ...others] = modes;
  if (!own || modes.every((mode) => told(mode) === true)) return null;
  if (others.length === 0) return ["all", told(own)] as unknown as Expression;
  const branches = others.flatMap((mode) => [mode.id, told(mode)]);
  return ["match", ["string", state("mode")], ...branches, told(own)] as unknown as Expression;
}

export function facilities(
  layer: LayerInfo,
  index: number,
  { modes, counted: pieces }: MapSource["circle"],
  many: number,
  c: Colours,
): LayerSpecification {
  const counted = counts(layer.id, modes);
  const synthetic: Expression = ["to-boolean", get("SYNTHETIC")];
  return drawFrom(layer)({
    id: layer.id,
    type: "symbol",
    minzoom: FACILITIES_MIN_ZOOM[crowd(many, pieces)],
    ...(counted ? { filter: all(counted) } : {}),
    layout: {
      "icon-image": ["case", synthetic, facilityIcon(index, true), facilityIcon(index, false)],
      "icon-size": byZoom(1.2, 10, 0.18, 11, 0.27, 12, 0.4, 13, 0.66, 14, 0.8, 17, 1.1),
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "symbol-sort-key": ["case", synthetic, 0, 1],
      "text-field": ["step", ["zoom"], "", 14.5, ["coalesce", get("NAME"), ""]],
      "text-font": FONT,
      "text-size": 12,
      "text-offset": [0, 1],
      "text-anchor": "top",
      "text-optional": true,
      "text-max-width": 9,
    },
    paint: {
      "icon-opacity": byZoom(1, 10, 0.5, 11.2, 0.75, 12.5, 1),
      "text-color": c.label,
      "text-halo-color": c.halo,
      "text-halo-width": 1.6,
    },
  });
}

export function reach(c: Colours, opacity: number): { fill: LayerSpecification; line: LayerSpecification } {
  return {
    fill: {
      id: "reach-fill",
      type: "fill",
      source: "reach",
      paint: { "fill-color": c.served, "fill-opacity": opacity },
    },
    line: {
      id: "reach-line",
      type: "line",
      source: "reach",
      layout: { "line-join": "round" },
      paint: { "line-color": c.served, "line-width": 1.2, "line-opacity": 0.75 },
    },
  };
}
