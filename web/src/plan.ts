/** The plan's assessment as the server tells it, and its figures as they are set. Pure but for the request. */
import { get, type Language, type Titles } from "./api";

export const YEARS = [2024, 2025, 2026] as const;
export const GRADES = ["excellent", "good", "poor", "unreported", "not_due", "not_graded"] as const;
export type Grade = (typeof GRADES)[number];

interface Told {
  target: string | null;
  value: string | null;
  grade: Grade;
}

export interface Indicator extends Told {
  no: number;
  code: string;
  title: Titles;
  unit: string;
  definition: Titles;
  lead: string[];
  target_zh: string | null;
  quote: string | null;
  origin: string | null;
  computed: string | null;
  not_computed: Titles | null;
  reported: { value: string | null; written: string; agency: string | null } | null;
  difference: string | null;
  gap: { needed: string; unit: string; candidates: number } | null;
  evidence: {
    source: string;
    how: Titles;
    state: string;
    numerator: string | null;
    denominator: string | null;
    by_county: { code: string; name: string; value: string | null }[];
  } | null;
  path: (Told & { year: number })[];
  notes: Titles[];
}

export interface PlanYear {
  year: number;
  as_of: string;
  notices: Titles[];
  grades: Record<Grade, number>;
  groups: { id: string; title: Titles; indicators: string[] }[];
  indicators: Indicator[];
}

export const getPlan = (year: number, edition: string, signal: AbortSignal) =>
  get<PlanYear>(`/api/plan/${year}?edition=${encodeURIComponent(edition)}`, signal);

/** An exact decimal to two figures behind the point; to more where fewer would make it look like the target it is not. */
export function figure(value: string | null, target: string | null = null): string {
  const exact = Number(value);
  if (value === null || value.trim() === "" || !Number.isFinite(exact)) return "–";
  const wanted = target === null ? Number.NaN : Number(target);
  const digits = [2, 3, 4, 6].find((n) => exact === wanted || Number(exact.toFixed(n)) !== wanted) ?? 9;
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: digits }).format(exact);
}

/** A figure with its unit, which is the plan's own and Chinese. */
export const withUnit = (text: string, unit: string): string =>
  text === "–" ? text : unit === "%" ? `${text} %` : `${text} ${unit}`;

/** The circle an indicator is computed from; null where it is from elsewhere. */
export const circleOf = ({ evidence }: Pick<Indicator, "evidence">): string | null =>
  /^circle:([\w-]+)$/.exec(evidence?.source ?? "")?.[1] ?? null;

export interface Sector {
  id: string;
  title: string;
  indicators: Indicator[];
}

/** The indicators by sector, of one grade or of all; sectors without any are left out. */
export function sectors(plan: PlanYear, grade: Grade | null, language: Language): Sector[] {
  const by = new Map(plan.indicators.map((each) => [each.code, each]));
  return plan.groups
    .map(({ id, title, indicators }) => ({
      id,
      title: title[language],
      indicators: indicators.flatMap((code) => {
        const one = by.get(code);
        return one && (grade === null || one.grade === grade) ? [one] : [];
      }),
    }))
    .filter(({ indicators }) => indicators.length > 0);
}
