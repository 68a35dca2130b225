import { describe, expect, it } from "vitest";
import type { CircleInfo, Limit, Mode } from "../src/api";
import {
  areWaysToTravel,
  choiceOf,
  clamp,
  dotRule,
  dotSeconds,
  drawsReach,
  grouped,
  limitsAsked,
  marksOf,
  openingCircle,
  stepOf,
} from "../src/question";
import { FITNESS, LIVING, VILLAGES } from "./circles";

const circle = (id: string, modes: readonly Mode[] = FITNESS, ready = true): CircleInfo => ({
  id,
  title: { zh: id, en: id },
  threshold: { value: 15, unit: "min", min: 1, max: 60 },
  ready,
  lacks: ready ? [] : [{ id: "facilities.scenic", zh: "A级景区", en: "Scenic spots" }],
  modes: [...modes],
  default_mode: modes[0]?.id ?? "",
  facility_layer: "facilities.sports",
  facility_layers: ["facilities.sports"],
  demand: { layer: "demand.residents", kind: "residents", unit: "persons", zh: "居民", en: "Residents" },
  clause: { text: "", source: "", url: null },
});

const limit = (unit: Limit["unit"], value: number, min: number, max: number): Limit => ({
  unit,
  value,
  min,
  max,
  seconds_per_unit: 60,
});

it("groups circles, and keeps those it does not know", () => {
  const ids = ["fitness", "stargazing", "living-15", "living-5", "rescue"];
  expect(grouped(ids.map((id) => circle(id))).map((each) => [each.group, each.circles.map(({ id }) => id)])).toEqual([
    ["living", ["living-15", "living-5"]],
    ["health", ["rescue"]],
    ["sport", ["fitness"]],
    ["other", ["stargazing"]],
  ]);
});

it("opens with what the link names, else with the fitness circle, else with what can be answered", () => {
  const opens = (circles: CircleInfo[], wanted?: string) => openingCircle(circles, wanted)?.id;
  expect(opens([circle("rescue"), circle("fitness")], "rescue")).toBe("rescue");
  expect(opens([circle("rescue"), circle("fitness")])).toBe("fitness");
  expect(opens([circle("scenic", FITNESS, false), circle("meal")], "gone")).toBe("meal");
  expect(opens([circle("scenic", FITNESS, false)])).toBe("scenic");
  expect(opens([])).toBeUndefined();
});

it("takes the circle's own choice where the link's is unknown", () => {
  expect(choiceOf(circle("a"), "cycle")?.id).toBe("cycle");
  expect(choiceOf(circle("a"), "fly")?.id).toBe("either");
});

describe("a limit", () => {
  it("keeps within its bounds, in whole units", () => {
    expect([0, 15.4, 90].map((value) => clamp(limit("min", 15, 1, 60), value))).toEqual([1, 15, 60]);
  });

  it("moves by minutes, or by round metres that reach the standard and both ends", () => {
    expect(stepOf(limit("min", 15, 1, 60))).toBe(1);
    expect(stepOf(limit("m", 300, 100, 1000))).toBe(50);
    expect(stepOf(limit("m", 330, 100, 1000))).toBe(10);
    expect(stepOf(limit("m", 333, 100, 1000))).toBe(1);
  });

  it("is marked at its ends and standard, with figures that do not touch", () => {
    expect(marksOf(limit("min", 15, 1, 60))).toEqual([1, 15, 30, 45, 60]);
    expect(marksOf(limit("m", 1000, 200, 3000))).toEqual([200, 1000, 2000, 3000]);
    expect(marksOf(limit("m", 300, 100, 1000))).toEqual([100, 300, 500, 1000]);
  });

  it("is sent only where it was moved, so that every choice else keeps its own", () => {
    const [served, , near] = VILLAGES;
    expect(limitsAsked(FITNESS[0], 15)).toEqual({});
    expect(limitsAsked(FITNESS[0], 10)).toEqual({ minutes: 10 });
    expect(limitsAsked(near, 1500)).toEqual({ metres: 1500 });
    expect([limitsAsked(served, 15), limitsAsked(undefined, 15)]).toEqual([{}, {}]);
  });
});

describe("the dots", () => {
  it("go by travel, by the last service or by the verdict", () => {
    expect(dotRule({ modes: FITNESS }, "either")).toEqual({ kind: "times", names: ["walk", "cycle"], own: true });
    expect(dotRule({ modes: LIVING }, "all")).toEqual({ kind: "times", names: ["all"], own: true });
    expect(dotRule({ modes: VILLAGES }, "served")).toEqual({ kind: "verdict", own: true });
    expect(dotRule({ modes: VILLAGES }, "near")).toEqual({ kind: "times", names: ["walk"], own: true });
  });

  it("show the circle's own question, at its standard, where they know nothing of the choice", () => {
    expect(dotRule({ modes: VILLAGES }, "inside")).toEqual({ kind: "verdict", own: false });
    expect(dotRule({ modes: LIVING }, "own")).toEqual({ kind: "times", names: ["all"], own: false });
    expect(dotSeconds({ modes: LIVING }, "own", 3000)).toBe(900);
  });

  it("count seconds at the pace of the choice", () => {
    expect(dotSeconds({ modes: FITNESS }, "walk", 10)).toBe(600);
    expect(dotSeconds({ modes: LIVING }, "all", 500)).toBe(450);
    expect(dotSeconds({ modes: VILLAGES }, "served", 0)).toBe(0);
  });
});

it("draws a reach where the choice travels", () => {
  expect([FITNESS[0], VILLAGES[0], LIVING[0], undefined].map(drawsReach)).toEqual([true, false, false, false]);
});

it("knows ways to travel from other ways to count", () => {
  expect([FITNESS, VILLAGES, LIVING, []].map(areWaysToTravel)).toEqual([true, false, false, false]);
});
