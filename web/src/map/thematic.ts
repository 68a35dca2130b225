/** What the map is for: who is served and who is not, by area and by dot, and the facilities. */
import type { LayerSpecification } from "maplibre-gl";
import type { Area, LayerInfo } from "../api";
import { all, byZoom, type Draw, drawFrom, type Expression, FONT, get, is, state } from "./expressions";
import { type Colours, RAMP_BREAKS } from "./flavours";
import {
  DOTS_MIN_ZOOM,
  hasLevel,
  SHADING_MAX_ZOOM,
  SHADING_OPACITY,
  TOWNSHIP_TILES_ZOOM,
  TOWNSHIPS_ZOOM,
} from "./source";

const NEVER_S = 1e9;

/** Seconds to the nearest facility by the mode that is asked: the least of all modes where it is a mixed one. */
function travelSeconds(modes: readonly string[]): Expression {
  const single = modes.filter((mode) => mode !== "either");
  const seconds = (mode: string): Expression => ["coalesce", get(`${mode}_s`), NEVER_S];
  const least = ["min", NEVER_S, ...single.map(seconds)] as unknown as Expression;
  if (single.length === 0) return least;
  const branches = single.flatMap((mode) => [mode, seconds(mode)]);
  return ["match", ["string", state("mode")], ...branches, least] as unknown as Expression;
}

/** Whether a dot is inside the circle, at the minutes and by the mode of the map's state. */
export function served(modes: readonly string[]): Expression {
  return ["<=", travelSeconds(modes), ["*", 60, ["number", state("minutes")]]];
}

/** Dot radius in px: area in proportion to weight, within bounds that keep a dot visible and a block from covering the map. */
function radius(): Expression {
  const ratio: Expression = ["/", ["number", get("w")], ["number", state("weightRef")]];
  const size: Expression = ["min", 2.6, ["max", 0.6, ["sqrt", ratio]]];
  const stop = (px: number): Expression => ["*", size, px];
  return byZoom(1.5, 9, stop(1.2), 10.5, stop(1.9), 11.2, stop(1.9), 13, stop(3.1), 16, stop(7));
}

export function dots(draw: Draw, modes: readonly string[], c: Colours): LayerSpecification[] {
  const inside = served(modes);
  const appear = byZoom(1, DOTS_MIN_ZOOM, 0, DOTS_MIN_ZOOM + 0.3, 0.9, 14, 0.92);
  const layer = (id: string, filter: Expression, paint: object) =>
    draw({
      id,
      type: "circle",
      minzoom: DOTS_MIN_ZOOM,
      filter: all(filter),
      paint: { "circle-radius": radius(), "circle-opacity": appear, "circle-stroke-opacity": appear, ...paint },
    });
  return [
    layer("demand-served", inside, {
      "circle-color": c.served,
      "circle-stroke-color": c.halo,
      "circle-stroke-width": byZoom(1, 12, 0, 13, 0.4, 16, 1),
    }),
    // The outline is the second cue: it stays when colour is lost.
    layer("demand-unserved", ["!", inside], {
      "circle-color": c.unserved,
      "circle-stroke-color": c.unservedOutline,
      "circle-stroke-width": byZoom(1, 9.5, 0.5, 12, 0.9, 14, 1.4, 16, 2),
    }),
  ];
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

export function facilities(layer: LayerInfo, index: number, c: Colours): LayerSpecification {
  const synthetic: Expression = ["to-boolean", get("SYNTHETIC")];
  return drawFrom(layer)({
    id: layer.id,
    type: "symbol",
    minzoom: 10,
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
