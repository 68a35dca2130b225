import { describe, expect, it } from "vitest";
import { anchorBeside, type Explanation, explainPath, lead, missing, NO_WAY, outside, wayShape } from "../src/explain";

const question = { circle: "fitness", area: "620100", mode: "walk", limits: { minutes: 10 } };

describe("the address of an explanation", () => {
  it("names a dot by its number, a point by its place, and only the limits that were moved", () => {
    expect(explainPath(question, { dot: 17 }, "3")).toBe(
      "/api/explain?circle=fitness&dot=17&minutes=10&mode=walk&edition=3",
    );
    expect(explainPath({ ...question, limits: {} }, { lon: 103.83, lat: 36.0612345678 }, "3")).toBe(
      "/api/explain?circle=fitness&lon=103.830000&lat=36.061235&mode=walk&edition=3",
    );
  });
});

const told = (coordinates: number[][], changes: object[] = []) =>
  ({
    way: coordinates.length > 0 ? { geometry: { type: "LineString", coordinates } } : null,
    changes,
  }) as unknown as Explanation;
const parts = (explanation: Explanation | null) =>
  wayShape(explanation).features.map(({ properties, geometry }) => [properties?.part, geometry.coordinates]);

describe("what is drawn", () => {
  it("draws streets, the legs at both ends, and the facility", () => {
    expect(
      parts(
        told([
          [0, 0],
          [1, 0],
          [2, 0],
          [3, 1],
        ]),
      ),
    ).toEqual([
      [
        "street",
        [
          [1, 0],
          [2, 0],
        ],
      ],
      [
        "access",
        [
          [0, 0],
          [1, 0],
        ],
      ],
      [
        "access",
        [
          [2, 0],
          [3, 1],
        ],
      ],
      ["end", [3, 1]],
    ]);
  });

  it("draws a way without streets as one leg", () => {
    expect(
      parts(
        told([
          [0, 0],
          [3, 1],
        ]),
      ),
    ).toEqual([
      [
        "access",
        [
          [0, 0],
          [3, 1],
        ],
      ],
      ["end", [3, 1]],
    ]);
  });

  it("marks where the first change that has a place is", () => {
    const changes = [
      { kind: "mode", lon: null, lat: null },
      { kind: "nearer", lon: 5, lat: 6 },
    ];
    expect(parts(told([], changes))).toEqual([["change", [5, 6]]]);
    expect(wayShape(null)).toBe(NO_WAY);
    expect(parts(told([]))).toEqual([]);
  });
});

it("tells what is missing from what is there", () => {
  const service = (id: string, covered: boolean) => ({ id, covered }) as never;
  const { lacks, there } = missing([service("a", false), service("b", true), service("c", true)]);
  expect([lacks.map(({ id }) => id), there]).toEqual([["a"], 2]);
});

describe("where the popup hangs", () => {
  const beside = (coordinates: number[][], narrow = false) =>
    anchorBeside({ lng: 0, lat: 60 }, wayShape(told(coordinates)), narrow);

  it("lies away from the way, by the greater distance on the ground", () => {
    expect(
      beside([
        [0, 60],
        [0, 61],
      ]),
    ).toBe("top");
    expect(
      beside([
        [0, 60],
        [0, 59],
      ]),
    ).toBe("bottom");
    expect(
      beside([
        [0, 60],
        [1, 60],
      ]),
    ).toBe("right");
    expect(
      beside([
        [0, 60],
        [-1, 60],
      ]),
    ).toBe("left");
    // at 60° a degree of longitude is half a degree of latitude
    expect(
      beside([
        [0, 60],
        [1, 60.6],
      ]),
    ).toBe("top");
    expect(beside([])).toBeNull();
    expect(
      beside(
        [
          [0, 60],
          [1, 60.1],
        ],
        true,
      ),
    ).toBe("top");
  });

  it("is moved into sight, its beginning first where it is too large", () => {
    const frame = { left: 0, top: 0, right: 100, bottom: 100 };
    const padding = { left: 10, top: 10, right: 10, bottom: 10 };
    const box = (left: number, top: number, right: number, bottom: number) =>
      outside({ left, top, right, bottom }, frame, padding);
    expect(box(20, 20, 80, 80)).toEqual([0, 0]);
    expect(box(5, 20, 60, 95)).toEqual([-5, 5]);
    expect(box(12, 15, 130, 130)).toEqual([2, 5]);
  });
});

it("parts a sentence after its verdict", () => {
  expect(lead("圈外：步行到最近的：场馆")).toEqual(["圈外", "步行到最近的：场馆"]);
  expect(lead("Not served: the nearest: a hall")).toEqual(["Not served", "the nearest: a hall"]);
  expect(lead("nothing to part")).toEqual(["", "nothing to part"]);
});
