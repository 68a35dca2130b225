import { createExpression, validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, it } from "vitest";
import type { Area, LayerInfo } from "../src/api";
import type { MapSource, MapState } from "../src/map/source";
import { style } from "../src/map/style";
import { served as servedBy } from "../src/map/thematic";

const layer = (id: string, kind: LayerInfo["kind"]): LayerInfo => ({
  id,
  kind,
  title: { zh: id, en: id },
  tiles: `/tiles/1/${id}/{z}/{x}/{y}.mvt`,
  minzoom: 5,
  maxzoom: 14,
});

const full: MapSource = {
  origin: "http://127.0.0.1:8000",
  layers: [
    layer("areas", "area"),
    layer("streets", "streets"),
    layer("context", "context"),
    layer("facilities.sports", "facility"),
    layer("facilities.elderly", "facility"),
    layer("circles.fitness", "circle"),
  ],
  areas: [
    { code: "620105", name: "安宁区", level: "county", parent: "620100", bbox: [103, 36, 104, 37], synthetic: false },
  ],
  circle: { id: "fitness", modes: ["either", "walk", "cycle"] },
};
const bare: MapSource = { ...full, layers: [], areas: [] };
const initial: MapState = {
  minutes: 15,
  mode: "either",
  area: "620100",
  areaLevel: "city",
  weightRef: 120,
  rates: { "620105": 0.5 },
};

const cases = (["light", "dark"] as const).flatMap((flavour) =>
  (["zh", "en"] as const).flatMap((language) => [full, bare].map((source) => [flavour, language, source] as const)),
);

describe.each(cases)("style %s %s", (flavour, language, source) => {
  const made = style(source, flavour, language, initial);

  it("is valid by the style specification", () => {
    expect(validateStyleMin(made as never).map(({ message }) => message)).toEqual([]);
  });

  it("draws every layer from a source it has, under its own id", () => {
    for (const each of made.layers) if ("source" in each) expect(Object.keys(made.sources)).toContain(each.source);
    expect(new Set(made.layers.map(({ id }) => id)).size).toBe(made.layers.length);
  });

  it("asks for nothing outside its origin", () => {
    const addresses = JSON.stringify(made).match(/https?:\/\/[^/"]+/g) ?? [];
    expect(new Set(addresses)).toEqual(new Set(source.layers.length > 0 ? [source.origin] : []));
    expect(made.glyphs).toBeUndefined();
    expect(made.sprite).toBeUndefined();
  });
});

it("keeps the tile placeholders, and the cache key behind them", () => {
  const keyed = full.layers.map((each) => ({ ...each, tiles: `${each.tiles}?v=85d2be8e9684-4` }));
  expect(style({ ...full, layers: keyed }, "light", "zh", initial).sources.areas).toMatchObject({
    tiles: ["http://127.0.0.1:8000/tiles/1/areas/{z}/{x}/{y}.mvt?v=85d2be8e9684-4"],
  });
});

it("writes an area's name among its people where they are known, else in its middle", () => {
  const [area] = full.areas;
  const lies = (point: [number, number] | null) => {
    const { names } = style({ ...full, areas: [{ ...(area as Area), point }] }, "light", "zh", initial).sources;
    return names?.type === "geojson" && (names.data as GeoJSON.FeatureCollection).features[0]?.geometry;
  };
  expect(lies([103.7, 36.1])).toEqual({ type: "Point", coordinates: [103.7, 36.1] });
  expect(lies(null)).toEqual({ type: "Point", coordinates: [103.5, 36.5] });
});

it("draws a circle of any name, the chosen one only", () => {
  const other = {
    ...full,
    layers: [...full.layers, layer("circles.day-care", "circle")],
    circle: { id: "day-care", modes: ["walk"] },
  };
  const dots = style(other, "light", "zh", initial).layers.filter(({ id }) => id.startsWith("demand-"));
  expect(dots.map((each) => "source" in each && each.source)).toEqual(["circles.day-care", "circles.day-care"]);
});

describe("served or not", () => {
  const served = (mode: string, minutes: number, properties: object) => {
    const made = createExpression(servedBy(["either", "walk", "cycle"]) as never, "layers[0].filter", null, {
      mode,
      minutes,
    });
    if (made.result !== "success") throw new Error(JSON.stringify(made.value));
    const globals = { zoom: 12, globalState: { mode, minutes } };
    return made.value.evaluate(globals as never, { type: 1, properties } as never);
  };

  it("takes the faster mode where both count, the asked one where one does", () => {
    const point = { walk_s: 1200, cycle_s: 500, st: "ok" };
    expect([served("either", 15, point), served("walk", 15, point), served("cycle", 15, point)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("counts a point at exactly the limit as served", () => {
    expect(served("walk", 15, { walk_s: 900 })).toBe(true);
    expect(served("walk", 15, { walk_s: 901 })).toBe(false);
  });

  it("counts what was not reached as unserved", () => {
    expect(served("either", 60, { st: "off_network" })).toBe(false);
    expect(served("walk", 60, { cycle_s: 10, st: "ok" })).toBe(false);
  });
});
