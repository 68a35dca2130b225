import { createExpression, validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, it } from "vitest";
import type { Area, LayerInfo, Mode } from "../src/api";
import type { MapSource, MapState } from "../src/map/source";
import { style } from "../src/map/style";
import { served as servedBy } from "../src/map/thematic";
import { dotSeconds } from "../src/question";
import { FITNESS, LIVING, VILLAGES } from "./circles";

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
  circle: { id: "fitness", modes: FITNESS, counted: false },
};
const bare: MapSource = { ...full, layers: [], areas: [] };
const initial: MapState = {
  seconds: 900,
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
    circle: { id: "day-care", modes: FITNESS.slice(1, 2), counted: false },
  };
  const dots = style(other, "light", "zh", initial).layers.filter(({ id }) => id.startsWith("demand-"));
  expect(dots.map((each) => "source" in each && each.source)).toEqual(["circles.day-care", "circles.day-care"]);
});

it("draws the facilities its circle is about, of the kinds the choice counts", () => {
  const drawn = (circle: MapSource["circle"]) => style({ ...full, circle }, "light", "zh", initial).layers;
  const venues = (circle: MapSource["circle"]) => drawn(circle).filter(({ id }) => id.startsWith("facilities."));
  expect(venues(full.circle).map(({ id }) => id)).toEqual(["facilities.sports"]);
  expect(venues(full.circle)[0]).not.toHaveProperty("filter");
  const counted = { id: "fitness", modes: VILLAGES, counted: true };
  const [outlets] = venues(counted);
  expect(outlets?.id).toBe("facilities.elderly");
  expect(keeps(outlets, "served", { KIND: "网点" })).toBe(true);
  expect(keeps(outlets, "served", { KIND: "冷库" })).toBe(false);
  expect(keeps(outlets, "drive", { KIND: "冷库" })).toBe(true);
  expect(drawn(counted).map(({ id }) => id)).toContain("demand-names");
  expect(drawn(full.circle).map(({ id }) => id)).not.toContain("demand-names");
  expect(validateStyleMin(style({ ...full, circle: counted }, "dark", "en", initial) as never)).toEqual([]);
});

function keeps(layer: unknown, mode: string, properties: object) {
  const made = createExpression((layer as { filter: unknown }).filter as never, "layers[0].filter", null, { mode });
  if (made.result !== "success") throw new Error(JSON.stringify(made.value));
  return made.value.evaluate({ zoom: 12, globalState: { mode } } as never, { type: 1, properties } as never);
}

describe("served or not", () => {
  const by = (modes: readonly Mode[]) => (mode: string, value: number, properties: object) => {
    const globals = { mode, seconds: dotSeconds({ modes }, mode, value) };
    const made = createExpression(servedBy(modes) as never, "layers[0].filter", null, globals);
    if (made.result !== "success") throw new Error(JSON.stringify(made.value));
    return made.value.evaluate({ zoom: 12, globalState: globals } as never, { type: 1, properties } as never);
  };
  const served = by(FITNESS);

  it("takes the faster mode where both count, the asked one where one does", () => {
    const point = { walk_s: 1200, cycle_s: 500, st: "ok" };
    const modes = ["either", "walk", "cycle"];
    expect(modes.map((mode) => served(mode, 15, point))).toEqual([true, false, true]);
  });

  it("counts a point at exactly the limit as served", () => {
    expect(served("walk", 15, { walk_s: 900 })).toBe(true);
    expect(served("walk", 15, { walk_s: 901 })).toBe(false);
  });

  it("counts what was not reached as unserved", () => {
    expect(served("either", 60, { st: "off_network" })).toBe(false);
    expect(served("walk", 60, { cycle_s: 10, st: "ok" })).toBe(false);
  });

  it("measures lengths at the pace of the choice", () => {
    const near = by(VILLAGES);
    expect([1800, 1801].map((walk_s) => near("near", 2000, { walk_s, st: "absent" }))).toEqual([true, false]);
    expect(near("drive", 15, { car_s: 900, walk_s: 5000, st: "absent" })).toBe(true);
  });

  it("goes by the verdict where there is no travel, also for a choice the dots know nothing of", () => {
    const held = by(VILLAGES);
    for (const mode of ["served", "inside"])
      expect(["ok", "absent"].map((st) => held(mode, 0, { st, walk_s: 1 }))).toEqual([true, false]);
  });

  it("goes by the last of a composite's services; its other choices show the circle's own question", () => {
    const all = by(LIVING);
    expect([900, 901].map((all_s) => all("all", 1000, { all_s, st: "ok" }))).toEqual([true, false]);
    expect(all("all", 3000, { st: "beyond" })).toBe(false);
    expect(all("own", 3000, { all_s: 901 })).toBe(false);
    expect(all("market", 500, { walk_s: 450 })).toBe(true);
  });
});
