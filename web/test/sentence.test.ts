import { describe, expect, it } from "vitest";
import type { Answer, Mode } from "../src/api";
import { type Asked, lead, ownQuestion, sentence } from "../src/sentence";
import { FITNESS, LIVING, VILLAGES } from "./circles";

const layers = [{ id: "facilities.sports", title: { zh: "体育场地", en: "Sports venues" } }];

function asked(id: string, modes: readonly Mode[], mode = modes[0]?.id, value?: number): Asked {
  const choice = modes.find((each) => each.id === mode);
  if (!choice) throw new Error(`no choice ${mode}`);
  return { circle: { id, modes }, choice, value: value ?? choice.limit?.value ?? 0, layers };
}
const demand = (unit: string, zh: string, en: string, total: number, covered: number): Answer["demand"] => ({
  kind: unit,
  unit,
  title: { zh, en },
  total,
  covered,
  rate: covered / total,
});
const residents = demand("persons", "居民", "Residents", 4_359_446, 3_635_778);
const villages = demand("villages", "行政村", "administrative villages", 731, 640);
const floor = demand("m2", "住宅建筑面积", "Dwelling floor area", 2000, 500);

describe("the answer in words", () => {
  it("counts villages by the piece", () => {
    const said = asked("village-logistics", VILLAGES);
    expect(sentence(said, villages, "zh")).toBe("731 个行政村中 640 个（87.6 %）有物流网点");
    expect(sentence(said, villages, "en")).toBe("640 of 731 administrative villages (87.6 %) have a logistics outlet");
    expect(lead(said, villages, "zh")).toBe("的行政村有物流网点");
    expect(lead(asked("village-logistics", VILLAGES, "inside"), villages, "en")).toBe(
      "of administrative villages have a logistics outlet inside",
    );
  });

  it("tells the limit in its unit, and what is reached", () => {
    expect(sentence(asked("fitness", FITNESS, "walk", 10), residents, "zh")).toBe(
      "居民 4,359,446 人中 3,635,778 人（83.4 %）在 10 分钟内到达体育场地",
    );
    expect(lead(asked("fitness", FITNESS), residents, "en")).toBe(
      "of residents are within 15 minutes of sports venues",
    );
    expect(lead(asked("village-logistics", VILLAGES, "near"), villages, "zh")).toBe("的行政村在 2,000 米内到达网点");
    expect(lead(asked("village-logistics", VILLAGES, "near"), villages, "en")).toBe(
      "of administrative villages are within 2,000 m",
    );
  });

  it("says of a composite that every service is there", () => {
    expect(lead(asked("living-15", LIVING), residents, "zh")).toBe("的居民在 1,000 米内各项服务齐全");
    expect(lead(asked("living-15", LIVING), residents, "en")).toBe("of residents have every service within 1,000 m");
  });

  it("measures floor area", () => {
    expect(sentence(asked("fitness", FITNESS), floor, "zh")).toBe(
      "住宅建筑面积 2,000 m²中 500 m²（25.0 %）在 15 分钟内到达体育场地",
    );
    expect(sentence(asked("fitness", FITNESS), floor, "en")).toBe(
      "500 of 2,000 m² of dwelling floor area (25.0 %) is within 15 minutes of sports venues",
    );
  });

  it("names the choice where a circle is new to it", () => {
    expect(lead(asked("stargazing", VILLAGES, "inside"), villages, "zh")).toBe("的行政村达到“仅村内有网点”");
    expect(lead(asked("stargazing", VILLAGES, "inside"), villages, "en")).toBe(
      "of administrative villages meet “inside alone”",
    );
  });
});

it("tells how a circle's own question is asked", () => {
  const own = (modes: readonly Mode[], language: "zh" | "en") => ownQuestion({ modes }, language);
  expect([own(FITNESS, "zh"), own(FITNESS, "en")]).toEqual(["15 分钟，步行或骑行", "15 minutes, walk or cycle"]);
  expect([own(VILLAGES, "zh"), own(FITNESS.slice(1, 2), "en")]).toEqual(["村内有网点或被服务", "15 minutes"]);
  expect(own([], "zh")).toBe("");
});
