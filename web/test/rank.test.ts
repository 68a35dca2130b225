import { describe, expect, it } from "vitest";
import type { Area, AreaAnswer } from "../src/api";
import { findAreas, levelsOf, partsOf, worstFirst } from "../src/rank";

const answer = (code: string, total: number, covered: number, level = "county"): AreaAnswer => ({
  code,
  name: code,
  level,
  total,
  covered,
  rate: total ? covered / total : null,
  gap: { beyond: total - covered, unreachable: 0, off_network: 0, absent: 0 },
  straight_rate: null,
});

describe("worst first", () => {
  const rows = [answer("a", 100, 90), answer("b", 1000, 950), answer("c", 0, 0), answer("d", 10, 0, "township")];
  const codes = (by: "outside" | "rate") => worstFirst(rows, "county", by).map(({ code }) => code);

  it("ranks by number outside or by rate, without empty areas and other levels", () => {
    expect(codes("outside")).toEqual(["b", "a"]);
    expect(codes("rate")).toEqual(["a", "b"]);
  });

  it("ranks by a measure, the lowest first, what has none last", () => {
    const seats = (code: string, value: number | null) => ({ ...answer(code, 10, 5), measures: { seats: value } });
    const ranked = worstFirst([seats("a", null), seats("b", 4), seats("c", 0)], "county", "seats");
    expect(ranked.map(({ code }) => code)).toEqual(["c", "b", "a"]);
  });

  it("keeps functional zones apart from counties and townships", () => {
    const rows3 = [answer("t", 10, 5, "township"), answer("z", 10, 0, "zone"), answer("a", 10, 9)];
    expect(levelsOf(rows3)).toEqual(["county", "zone", "township"]);
    expect(worstFirst(rows3, "county", "outside").map(({ code }) => code)).toEqual(["a"]);
  });

  it("does not depend on the order of rows", () => {
    const ties = [answer("2", 10, 5), answer("1", 10, 5)];
    expect(worstFirst(ties, "county", "rate")).toEqual(worstFirst(ties.toReversed(), "county", "rate"));
  });
});

it("leaves the area itself out of its parts, and names their levels", () => {
  const rows = [answer("62", 100, 90), answer("6201", 60, 55, "township")];
  const parts = partsOf({ area: { code: "62", name: "" }, by_area: rows });
  expect(parts.map(({ code }) => code)).toEqual(["6201"]);
  expect([levelsOf(rows), levelsOf(parts)]).toEqual([["county", "township"], ["township"]]);
});

describe("finding areas", () => {
  const area = (code: string, name: string): Area => ({
    code,
    name,
    level: "",
    parent: null,
    bbox: [0, 0, 1, 1],
    synthetic: false,
  });
  const areas = [
    area("620123100", "城关镇"),
    area("620102", "城关区"),
    area("620105", "安宁区"),
    area("620102001", "新城关街道"),
  ];

  it("puts larger areas that begin with the text first", () => {
    expect(findAreas(areas, "城关").map(({ code }) => code)).toEqual(["620102", "620123100", "620102001"]);
    expect(findAreas(areas, "620105").map(({ name }) => name)).toEqual(["安宁区"]);
    expect(findAreas(areas, "  ")).toEqual([]);
  });
});
