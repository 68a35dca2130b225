import { describe, expect, it } from "vitest";
import {
  capital,
  count,
  date,
  isCounted,
  limitText,
  lonLat,
  measure,
  minutes,
  percent,
  points,
  quantity,
  scaleBar,
  toldLimit,
} from "../src/format";

describe("figures", () => {
  it("groups thousands and carries the unit", () => {
    expect(count(72140)).toBe("72,140");
    expect(quantity(4359446, "persons", "zh").replace(/\s/, " ")).toBe("4,359,446 人");
    expect(quantity(12, "m2", "en").replace(/\s/, " ")).toBe("12 m²");
  });

  it("counts villages and sites by the piece", () => {
    const told = (language: "zh" | "en") => quantity(89, "county_seats", language).replace(/\s/g, " ");
    expect([told("zh"), told("en")]).toEqual(["89 个", "89 county seats"]);
    expect(["villages", "clinics", "persons", "m2", "1"].map(isCounted)).toEqual([true, true, false, false, false]);
    expect(quantity(5, "1", "zh")).toBe("5");
  });

  it("tells limits in the page's language", () => {
    expect([limitText(15, "min", "zh"), limitText(1000, "m", "zh")]).toEqual(["15 分钟", "1,000 米"]);
    expect([limitText(1, "min", "en"), limitText(500, "m", "en")]).toEqual(["1 minute", "500 m"]);
    expect([toldLimit("15 min", "zh"), toldLimit("300 m", "en")]).toEqual(["15 分钟", "300 m"]);
    expect([toldLimit("—", "zh"), toldLimit(null, "zh")]).toEqual(["", ""]);
  });

  it("tells measures to the figures that matter", () => {
    expect([4.0343, 81.1598, 5987.4, 4, null].map(measure)).toEqual(["4.03", "81.2", "5,987", "4", "–"]);
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
