import { describe, expect, it } from "vitest";
import { circleOf, figure, GRADES, type Indicator, type PlanYear, sectors, withUnit } from "../src/plan";
import { PLAN_WORDS } from "../src/plan-text";

describe("the plan's figures", () => {
  it("are exact enough never to look like a target they miss", () => {
    expect(figure("87.824897401", "90")).toBe("87.82");
    expect(figure("89.9996", "90")).toBe("89.9996");
    expect(figure("90.001", "90")).toBe("90.001");
    expect([figure("90", "90"), figure("18500", "18500"), figure("17809")]).toEqual(["90", "18,500", "17,809"]);
    expect([figure(null), figure(""), figure("无")]).toEqual(["–", "–", "–"]);
  });

  it("carry their unit", () => {
    expect([withUnit("90", "%"), withUnit("5", "个"), withUnit("–", "%")].join(" ")).toMatch(/^90\s% 5\s个 –$/);
  });
});

it("knows the circle behind an indicator", () => {
  const from = (source: string) => circleOf({ evidence: { source } as Indicator["evidence"] });
  expect([from("circle:village-logistics"), from("facilities.health")]).toEqual(["village-logistics", null]);
  expect(circleOf({ evidence: null })).toBeNull();
});

it("lists indicators by sector, of the grade that is asked", () => {
  const one = (code: string, grade: string) => ({ code, grade }) as Indicator;
  const title = (id: string) => ({ zh: `${id}业`, en: id });
  const plan = {
    indicators: [one("a", "good"), one("b", "poor"), one("c", "poor")],
    groups: [
      { id: "1", title: title("x"), indicators: ["a", "gone"] },
      { id: "2", title: title("y"), indicators: ["c", "b"] },
    ],
  } as unknown as PlanYear;
  const listed = (grade: "poor" | null) =>
    sectors(plan, grade, "zh").map((each) => [each.title, each.indicators.map(({ code }) => code)]);
  expect(listed(null)).toEqual([
    ["x业", ["a"]],
    ["y业", ["c", "b"]],
  ]);
  expect(listed("poor")).toEqual([["y业", ["c", "b"]]]);
});

it("has a word for every grade, in both languages", () => {
  for (const { grades } of Object.values(PLAN_WORDS)) for (const grade of GRADES) expect(grades[grade]).toBeTruthy();
  expect(JSON.stringify(PLAN_WORDS.en)).not.toMatch(/\p{Script=Han}/u);
});
