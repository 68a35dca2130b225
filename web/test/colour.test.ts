import { describe, expect, it } from "vitest";
import { contrast, contrastDeuteranopia, luminance } from "../src/map/colour";
import { FACILITY_MARKS, FLAVOURS } from "../src/map/flavours";

it("measures contrast as WCAG does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  expect(() => contrast("teal", "#ffffff")).toThrow(RangeError);
});

describe.each(Object.entries(FLAVOURS))("flavour %s", (_, c) => {
  it("tells served from unserved in colour, in greyscale and with deuteranopia", () => {
    expect(contrast(c.served, c.unserved)).toBeGreaterThanOrEqual(2);
    expect(contrastDeuteranopia(c.served, c.unserved)).toBeGreaterThanOrEqual(2);
    expect(contrast(c.unserved, c.unservedOutline)).toBeGreaterThanOrEqual(2);
  });

  it("lets the dots stand off the ground", () => {
    expect(contrast(c.served, c.land)).toBeGreaterThanOrEqual(3);
    expect(Math.max(contrast(c.unserved, c.land), contrast(c.unservedOutline, c.land))).toBeGreaterThanOrEqual(3);
  });

  it("sets text at AA", () => {
    const onPaper = [c.ink, c.muted, c.accent, c.outside, c.danger];
    for (const colour of onPaper) expect(contrast(colour, c.paper), colour).toBeGreaterThanOrEqual(4.5);
    for (const colour of [c.ink, c.muted]) expect(contrast(colour, c.paperRaised), colour).toBeGreaterThanOrEqual(4.5);
    expect(contrast(c.noticeInk, c.noticePaper)).toBeGreaterThanOrEqual(4.5);
    for (const colour of [c.label, c.labelMinor, c.waterText, c.station])
      expect(contrast(colour, c.halo), colour).toBeGreaterThanOrEqual(4.5);
  });

  it("orders the ramp by lightness", () => {
    const light = c.ramp.map(luminance);
    const sorted = light.toSorted((a, b) => a - b);
    expect([sorted, sorted.toReversed()]).toContainEqual(light);
  });
});

it("gives every facility mark its own hue and shape, with an outline that carries it", () => {
  expect(new Set(FACILITY_MARKS.map(({ fill }) => fill)).size).toBe(FACILITY_MARKS.length);
  expect(new Set(FACILITY_MARKS.map(({ shape }) => shape)).size).toBe(FACILITY_MARKS.length);
  for (const { fill, outline } of FACILITY_MARKS) expect(contrast(fill, outline)).toBeGreaterThanOrEqual(2);
});
