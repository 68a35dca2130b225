/** What can be asked: circles by group, the choices of one and their limits, and how its dots tell who is inside. Pure functions. */
import type { CircleInfo, Limit, Mode, Question } from "./api";

export const GROUPS = ["living", "care", "trade", "scenic", "health", "sport", "other"] as const;
export type Group = (typeof GROUPS)[number];

const GROUP_OF: Record<string, Group> = {
  "living-5": "living",
  "living-10": "living",
  "living-15": "living",
  convenience: "living",
  elderly: "care",
  meal: "care",
  "regional-elderly-centre": "care",
  childcare: "care",
  "village-logistics": "trade",
  "township-logistics": "trade",
  "county-logistics": "trade",
  "logistics-hub": "trade",
  commerce: "trade",
  scenic: "scenic",
  rescue: "health",
  fitness: "sport",
  "new-community-sport": "sport",
};

/** The circles by group, in the server's order within each; groups without any are left out. */
export function grouped(circles: readonly CircleInfo[]): { group: Group; circles: CircleInfo[] }[] {
  return GROUPS.map((group) => ({
    group,
    circles: circles.filter(({ id }) => (GROUP_OF[id] ?? "other") === group),
  })).filter((each) => each.circles.length > 0);
}

/** A link that names no circle is one from when there was only the fitness circle. */
const FIRST = "fitness";

export function openingCircle(circles: readonly CircleInfo[], wanted: string | undefined): CircleInfo | undefined {
  const named = (id: string | undefined) => circles.find((circle) => circle.id === id);
  return named(wanted) ?? named(FIRST) ?? circles.find(({ ready }) => ready) ?? circles[0];
}

export function choiceOf(circle: CircleInfo, mode: string | undefined): Mode | undefined {
  return circle.modes.find(({ id }) => id === mode) ?? circle.modes.find(({ id }) => id === circle.default_mode);
}

/** The parameter a limit is asked by. */
export const parameterOf = (limit: Limit): "minutes" | "metres" => (limit.unit === "min" ? "minutes" : "metres");

export const clamp = (limit: Limit, value: number): number =>
  Math.min(limit.max, Math.max(limit.min, Math.round(value)));

/** How far one step of the slider goes: a minute, or round metres that meet both ends and the standard. */
export function stepOf({ unit, value, min, max }: Limit): number {
  if (unit === "min") return 1;
  return [50, 10].find((step) => [value, min, max].every((at) => at % step === 0)) ?? 1;
}

/** Round values along the slider, and the standard; none so near the standard that their figures touch. */
export function marksOf({ unit, value, min, max }: Limit): number[] {
  const round = unit === "min" ? [15, 30, 45, 60, 90, 120, 180] : [500, 1000, 2000, 3000, 5000, 10_000];
  const apart = (max - min) * 0.2;
  const picked: number[] = [];
  for (const at of [min, max, ...round]) {
    const free = [value, ...picked].every((other) => Math.abs(other - at) >= apart);
    if (at >= min && at <= max && free) picked.push(at);
  }
  return [...picked, value].sort((a, b) => a - b);
}

/** The limit as the server is asked for it; nothing where the choice's own is meant, which then holds for every choice by its own. */
export function limitsAsked(choice: Mode | undefined, value: number): Question["limits"] {
  const limit = choice?.limit;
  return limit && value !== limit.value ? { [parameterOf(limit)]: value } : {};
}

/**
 * How the dots of a circle tell who is inside: by the least of some times of travel, by the verdict they carry, or,
 * where they carry nothing about the choice, by the circle's own question.
 */
export type DotRule = { kind: "times"; names: string[]; own: boolean } | { kind: "verdict"; own: boolean };

const LAST = "all";

export function dotRule(circle: { modes: readonly Mode[] }, mode: string): DotRule {
  const [first] = circle.modes;
  const at = circle.modes.findIndex(({ id }) => id === mode);
  const choice = circle.modes[at];
  if (choice && choice.travel.length > 0) return { kind: "times", names: choice.travel, own: true };
  const own = at <= 0;
  if (first && first.travel.length > 0) return { kind: "times", names: first.travel, own };
  return first?.limit ? { kind: "times", names: [LAST], own } : { kind: "verdict", own };
}

/** The seconds of a tile's times that are inside: of the choice at `value`, or of the circle's own question. */
export function dotSeconds(circle: { modes: readonly Mode[] }, mode: string, value: number): number {
  const rule = dotRule(circle, mode);
  const choice = circle.modes.find(({ id }) => id === mode);
  const limit = (rule.own ? choice : circle.modes[0])?.limit;
  if (!limit) return 0;
  // A tile's seconds are rounded up: t ≤ T holds for them where T is rounded down.
  return Math.floor((rule.own ? value : limit.value) * limit.seconds_per_unit + 1e-6);
}

/** Whether travel along streets can be drawn as an area. */
export const drawsReach = (choice: Mode | undefined): boolean => (choice?.travel.length ?? 0) > 0;

/** Whether the choices are but ways to travel to the same places within the same limit. */
export function areWaysToTravel(modes: readonly Mode[]): boolean {
  const [first] = modes;
  const places = (mode: Mode) => JSON.stringify([mode.limit, mode.facilities]);
  return first !== undefined && modes.every((mode) => mode.travel.length > 0 && places(mode) === places(first));
}
