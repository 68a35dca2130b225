import { describe, expect, it } from "vitest";
import { capital, count, date, lonLat, minutes, percent, points, quantity, scaleBar } from "../src/format";

describe("figures", () => {
  it("groups thousands and carries the unit", () => {
    expect(count(72140)).toBe("72,140");
    expect(quantity(4359446, "persons", "zh").replace(/\s/, " ")).toBe("4,359,446 人");
    expect(quantity(12, "m2", "en").replace(/\s/, " ")).toBe("12 m²");
  });

  it("gives percentages one decimal and never rounds the last person away", () => {
    expect(percent(0.8336)).toBe("83.4");
    expect(percent(1)).toBe("100.0");
    expect(percent(0.99999)).toBe("99.9");
    expect(percent(0)).toBe("0.0");
    expect(percent(0.00001)).toBe("0.1");
    expect(percent(null)).toBe("–");
  });

  it("tells points as the difference of the printed figures", () => {
    expect(points(0.925, 0.834)).toBe("9.1");
    expect(points(0.834, 0.925)).toBe("9.1");
  });

  it("begins a word that stands alone with a capital", () => {
    expect([capital("walk or cycle"), capital("步行"), capital("")]).toEqual(["Walk or cycle", "步行", ""]);
  });

  it("rounds times up to whole minutes", () => {
    expect([0, 1, 60, 61, 900].map(minutes)).toEqual([1, 1, 1, 2, 15]);
  });
});

describe("dates and places", () => {
  it("writes the day in Beijing", () => {
    expect(date("2026-11-21T17:00:00Z", "zh")).toBe("2026年11月22日");
    expect(date("2026-11-21T17:00:00Z", "en")).toBe("22 November 2026");
    expect(date("soon", "zh")).toBe("soon");
  });

  it("writes four decimals with hemispheres", () => {
    expect(lonLat(103.83412, -36.06).replace(/\s+/g, " ")).toBe("103.8341° E 36.0600° S");
  });

  it("chooses the longest round scale that fits", () => {
    expect(scaleBar(30, 100).metres).toBe(2000);
    expect(scaleBar(0.3, 100).label.replace(/\s/, " ")).toBe("20 m");
    expect(scaleBar(30, 100).px).toBeCloseTo(66.7, 1);
  });
});
