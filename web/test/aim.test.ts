import { describe, expect, it } from "vitest";
import type { Area, Bounds } from "../src/api";
import { centre, heart, pointOf } from "../src/map/aim";

const area = (level: string, lon: number, lat: number): Area => ({
  code: `${lon}/${lat}`,
  name: "",
  level,
  parent: null,
  bbox: [0, 0, 1, 1],
  point: [lon, lat],
  synthetic: false,
});

describe("the heart of the focus", () => {
  const focus: Bounds = [103, 36, 104, 36.4];
  const core = [area("township", 103.8, 36.1), area("township", 103.82, 36.1), area("township", 103.84, 36.1)];
  const far = [area("township", 103.1, 36.1), area("township", 103.5, 36.3)];
  const outside = [1, 2, 3, 4].map((i) => area("township", 102.5 + i / 100, 36.1));

  it("lies where townships lie closest, whatever lies outside and in whatever order", () => {
    const all = [...far, ...outside, ...core];
    for (const areas of [all, all.toReversed()]) {
      const [lon, lat] = heart(areas, focus);
      expect([lon.toFixed(4), lat.toFixed(4)]).toEqual(["103.8200", "36.1000"]);
    }
  });

  it("is told by counties where there are no townships, and is the middle where nothing lies close", () => {
    expect(heart([area("county", 103.2, 36.1), area("county", 103.3, 36.1)], focus)[0]).toBeCloseTo(103.25);
    for (const areas of [[], far]) expect(heart(areas, focus)).toEqual([103.5, 36.2]);
  });
});

describe("the centre of a view", () => {
  const world = 512 * 2 ** 9;
  const across = (px: number) => (px / world) * 360;

  it("goes to the point, yet stays within the bounds", () => {
    const bounds: Bounds = [100, 30, 102, 31];
    const at = (lon: number, lat: number) => centre({ bounds, point: [lon, lat], least: 9 }, [400, 300]);
    expect(at(101, 30.5)[0]).toBeCloseTo(101);
    expect(at(101, 30.5)[1]).toBeCloseTo(30.5);
    expect(at(101.99, 30.5)[0]).toBeCloseTo(102 - across(200));
    expect(at(101, 30.01)[1]).toBeGreaterThan(30.1);
  });

  it("is the middle of what is smaller than the view", () => {
    const [lon, lat] = centre({ bounds: [100, 30, 100.1, 30.1], point: [100, 30], least: 9 }, [400, 300]);
    expect(lon).toBeCloseTo(100.05);
    expect(lat).toBeCloseTo(30.05, 3);
  });
});

it("places an area among its people where that is known", () => {
  expect(pointOf(area("county", 0.2, 0.9))).toEqual([0.2, 0.9]);
  expect(pointOf({ ...area("county", 0.2, 0.9), point: null })).toEqual([0.5, 0.5]);
});
