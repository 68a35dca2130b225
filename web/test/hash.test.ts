import { describe, expect, it } from "vitest";
import { type Address, formatHash, parseHash } from "../src/hash";

describe("the address", () => {
  it("returns what was written", () => {
    const address: Address = {
      circle: "fitness",
      area: "620105",
      minutes: 10,
      mode: "walk",
      reach: true,
      lang: "en",
      theme: "dark",
      map: { zoom: 11.25, lat: 36.0612, lon: 103.8343 },
    };
    expect(parseHash(formatHash(address))).toEqual(address);
  });

  it("keeps metres where the limit is a length, and opens links from before there were circles to choose", () => {
    const address: Address = { circle: "living-15", metres: 800, mode: "strict" };
    expect(formatHash(address)).toBe("#circle=living-15&metres=800&mode=strict");
    expect(parseHash(formatHash(address))).toEqual(address);
    expect(parseHash("#area=620105&minutes=10&mode=walk")).toEqual({ area: "620105", minutes: 10, mode: "walk" });
    expect(parseHash("#metres=-5")).toEqual({});
  });

  it("leaves out what it does not understand", () => {
    expect(parseHash("#minutes=soon&lang=fr&theme=pink&map=1/2&area=")).toEqual({});
    expect(parseHash("#map=11/95/103")).toEqual({});
    expect(parseHash("")).toEqual({});
  });
});
