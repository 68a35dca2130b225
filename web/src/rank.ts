/** Areas from worst to best, and areas found by name. Pure functions. */
import type { Answer, Area, AreaAnswer } from "./api";

/** By number outside, by rate, or by one of the answer's measures. */
export type RankBy = "outside" | "rate" | (string & {});

export const outside = (area: AreaAnswer) => Math.max(0, area.total - area.covered);

/** The areas an answer tells of below its own: an area is no part of its own ranking. */
export const partsOf = (answer: Pick<Answer, "area" | "by_area">) =>
  answer.by_area.filter(({ code }) => code !== answer.area.code);

/** Levels the areas have, largest first. */
export const levelsOf = (areas: readonly AreaAnswer[]) =>
  ["county", "zone", "township"].filter((level) => areas.some((area) => area.level === level));

/** Areas of `level` that have any demand: most outside first, lowest rate first, or lowest measure first; ties by code. */
export function worstFirst(areas: readonly AreaAnswer[], level: string, by: RankBy): AreaAnswer[] {
  const measured = (area: AreaAnswer) => area.measures?.[by] ?? Number.MAX_VALUE;
  const rate = (area: AreaAnswer) => area.rate ?? 1;
  return areas
    .filter((area) => area.level === level && area.total > 0)
    .sort((a, b) => {
      const first =
        by === "outside" ? outside(b) - outside(a) : by === "rate" ? rate(a) - rate(b) : measured(a) - measured(b);
      const second = by === "outside" ? rate(a) - rate(b) : outside(b) - outside(a);
      return first || second || a.code.localeCompare(b.code);
    });
}

/** Areas whose name or code holds `text`: those that begin with it first, larger areas before smaller. */
export function findAreas(areas: readonly Area[], text: string, limit = 8): Area[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const names = (area: Area) => [area.name, area.name_en ?? "", area.code].map((name) => name.toLowerCase());
  const place = (area: Area) => (names(area).some((name) => name.startsWith(wanted)) ? 0 : 1);
  return areas
    .filter((area) => names(area).some((name) => name.includes(wanted)))
    .sort((a, b) => place(a) - place(b) || a.code.length - b.code.length || a.code.localeCompare(b.code))
    .slice(0, limit);
}
