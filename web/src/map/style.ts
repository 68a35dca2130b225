/** The map's style: a pure function of what the server has, the flavour and the language. */
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Language, LayerInfo } from "../api";
import { NO_WAY } from "../explain";
import type { Flavour } from "../hash";
import { pointOf } from "./aim";
import { areaNames, borders, buildings, land, placeNames, streetNames, streets, water } from "./base";
import { type Draw, drawFrom, type Expression, get } from "./expressions";
import { FLAVOURS } from "./flavours";
import { venuesOf } from "./icons";
import { type MapSource, type MapState, NO_POLYGON } from "./source";
import { dotNames, dots, facilities, reach, shading, veil } from "./thematic";
import { wayLayers } from "./way";

/** The layer of the dots of a circle. */
export const circleLayer = (circle: string) => `circles.${circle}`;

function sources(source: MapSource): Record<string, SourceSpecification> {
  const drawn = new Set([...venuesOf(source).map(({ id }) => id), circleLayer(source.circle.id)]);
  const wanted = source.layers.filter(({ id, kind }) => drawn.has(id) || (kind !== "facility" && kind !== "circle"));
  const tiled = wanted.map(({ id, tiles, minzoom, maxzoom }): [string, SourceSpecification] => [
    id,
    { type: "vector", tiles: [source.origin + tiles], minzoom, maxzoom },
  ]);
  const names: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: source.areas
      .filter(({ level }) => level !== "city")
      .map((area) => ({
        type: "Feature",
        properties: { code: area.code, name: area.name, name_en: area.name_en ?? null, level: area.level },
        geometry: { type: "Point", coordinates: pointOf(area) },
      })),
  };
  return {
    ...Object.fromEntries(tiled),
    names: { type: "geojson", data: names },
    reach: { type: "geojson", data: NO_POLYGON },
    way: { type: "geojson", data: NO_WAY },
  };
}

/** Layers drawn from one tile layer, or none where the server does not have it. */
type Part = (make: (draw: Draw) => LayerSpecification | LayerSpecification[]) => LayerSpecification[];

/** Return the whole style. Layers whose source the server does not have are left out. */
export function style(source: MapSource, flavour: Flavour, language: Language, initial: MapState): StyleSpecification {
  const c = FLAVOURS[flavour];
  const name: Expression = language === "en" ? ["coalesce", get("name_en"), get("name")] : get("name");
  const polygon = reach(c, flavour === "light" ? 0.13 : 0.2);
  const from = (wanted: (layer: LayerInfo) => boolean): Part => {
    const layer = source.layers.find(wanted);
    return (make) => (layer ? [make(drawFrom(layer))].flat() : []);
  };
  const context = from(({ kind }) => kind === "context");
  const roads = from(({ kind }) => kind === "streets");
  const areas = from(({ kind }) => kind === "area");
  const demand = from(({ id }) => id === circleLayer(source.circle.id));
  const known = source.areas.map((area) => area.name);
  const venues = venuesOf(source);
  return {
    version: 8,
    name: `Quantu ${flavour} ${language}`,
    state: Object.fromEntries(Object.entries(initial).map(([key, value]) => [key, { default: value }])),
    sources: sources(source),
    layers: [
      { id: "land", type: "background", paint: { "background-color": c.land } },
      ...context((draw) => land(draw, c)),
      ...areas((draw) => shading(draw, source.areas, c)),
      polygon.fill,
      ...context((draw) => water(draw, c)),
      ...context((draw) => buildings(draw, c)),
      ...roads((draw) => streets(draw, c)),
      polygon.line,
      ...demand((draw) => dots(draw, source.circle, c)),
      ...venues.map((layer, index) => facilities(layer, index, source.circle, venues.length, c)),
      ...areas((draw) => [veil(draw, c), ...borders(draw, c)]),
      ...wayLayers(c),
      ...roads((draw) => streetNames(draw, c, name)),
      ...context((draw) => placeNames(draw, c, name, known)),
      ...(source.circle.counted ? demand((draw) => dotNames(draw, c)) : []),
      ...areaNames(c, name),
    ],
  };
}
