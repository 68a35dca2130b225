/** The HTTP API as this page uses it: the shapes it answers in, and one function a request. */
import { type Asked, type Explanation, explainPath } from "./explain";

export type Language = "zh" | "en";
export type Titles = Record<Language, string>;
export type Bounds = [west: number, south: number, east: number, north: number];

export interface LayerInfo {
  id: string;
  title: Titles;
  tiles: string;
  minzoom: number;
  maxzoom: number;
  kind: "facility" | "area" | "streets" | "context" | "circle";
  /** Of facility layers: hue and shape of their marks. */
  colour?: string;
  shape?: string;
}

export interface Notice {
  zh: string;
  en: string;
  kind?: string;
}

export interface Session {
  city: { code: string; name: string; name_en?: string | null };
  edition: string;
  published_at: string;
  notices: Notice[];
  attribution: string[];
  review_no: string | null;
  bounds: Bounds;
  focus: Bounds;
  synthetic: boolean;
  layers: LayerInfo[];
}

export interface Area {
  code: string;
  name: string;
  name_en?: string | null;
  level: string;
  parent: string | null;
  bbox: Bounds;
  /** Where the name is written; the middle of `bbox` where absent. */
  point?: [lon: number, lat: number] | null;
  synthetic: boolean;
}

/** A threshold one may move: its standard value, its bounds, and how many seconds of a tile's times one unit is. */
export interface Limit {
  value: number;
  unit: "min" | "m";
  min: number;
  max: number;
  seconds_per_unit: number;
}

/** One way of asking a circle; the first is the circle's own. */
export interface Mode {
  id: string;
  zh: string;
  en: string;
  limit: Limit | null;
  /** Names of the times of travel the dots carry for it, none where they carry none. */
  travel: string[];
  /** Whether it counts what the dots show. */
  same_demand: boolean;
  facilities: { layer: string; kinds: string[] }[];
}

export interface CircleInfo {
  id: string;
  title: Titles;
  threshold: { value: number; unit: string; min: number; max: number };
  /** Whether the edition has all the circle needs, and what it lacks. */
  ready: boolean;
  lacks: ({ id: string } & Titles)[];
  modes: Mode[];
  default_mode: string;
  facility_layer: string;
  facility_layers: string[];
  demand: { layer: string; kind: string; unit: string; zh: string; en?: string };
  clause: { text: string; source: string; url: string | null; confidence?: string };
}

export interface Gap {
  beyond: number;
  unreachable: number;
  off_network: number;
  absent: number;
}

export interface Variant {
  id: string;
  title: Titles;
  covered: number;
  rate: number | null;
  /** Of its own where it counts something else. */
  total?: number | null;
  unit?: string | null;
  /** "15 min", "500 m", or none. */
  limit?: string | null;
}

export interface Measure {
  id: string;
  title: Titles;
  value: number | null;
  unit: string;
}

/** One service of a composite circle; `limit` as a variant's, "—" where there is none. */
export interface Service {
  id: string;
  title: Titles;
  limit: string;
  covered: number;
  rate: number | null;
  facilities: number;
}

export interface AreaAnswer {
  code: string;
  name: string;
  level: string;
  total: number;
  covered: number;
  rate: number | null;
  gap: Gap;
  straight_rate: number | null;
  measures?: Record<string, number | null>;
}

export interface Answer {
  circle: string;
  title: Titles;
  area: { code: string; name: string };
  edition: string;
  parameters: { minutes?: number; metres?: number; mode: string; max_snap_m?: number; [name: string]: unknown };
  clause: { text: string; source: string; url: string | null; confidence?: string };
  /** Whether it was asked just as the clause asks. */
  standard_question: boolean;
  demand: { kind: string; unit: string; title: Titles; total: number; covered: number; rate: number | null };
  gap: Gap;
  straight_line: { covered: number; rate: number | null; false_share: number | null } | null;
  variants: Variant[];
  measures: Measure[];
  services: Service[];
  by_area: AreaAnswer[];
  facilities: { total: number; off_network: number; synthetic?: number };
  /** How figures of older units were carried over to today's areas, where they were. */
  conversion?: Titles | null;
  notices: Notice[];
  provenance: { edition_sha256: string; code_version: string; standards_sha256: string; computed_at: string };
}

export interface Question {
  circle: string;
  area: string;
  mode: string;
  /** Only what differs from the choice's own limit: the others keep theirs. */
  limits: { minutes?: number; metres?: number };
}

export type ReachPolygon = GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon>;

/** An answer that was not given: `detail` is the server's own sentence (RFC 9457), or empty when it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title);
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "offline", "");
  }
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    const problem = (body ?? {}) as { title?: unknown; detail?: unknown };
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    throw new ApiError(response.status, text(problem.title) || response.statusText, text(problem.detail));
  }
  return (await response.json()) as T;
}

function query(parameters: Record<string, string | number>): string {
  return new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)])).toString();
}

export const getSession = () => get<Session>("/api/session");
export const getAreas = async () => (await get<{ areas: Area[] }>("/api/areas")).areas;
export const getCircles = async () => (await get<{ circles: CircleInfo[] }>("/api/circles")).circles;

/** The address of the answer, also offered to the reader as a download. */
export function answerPath({ circle, area, limits, mode }: Question, edition: string): string {
  return `/api/circles/${encodeURIComponent(circle)}?${query({ area, ...limits, mode, edition, f: "json" })}`;
}

export const getAnswer = (question: Question, edition: string, signal: AbortSignal) =>
  get<Answer>(answerPath(question, edition), signal);

export const getPolygon = ({ circle, limits, mode }: Question, signal: AbortSignal) =>
  get<ReachPolygon>(`/api/circles/${encodeURIComponent(circle)}/polygon?${query({ ...limits, mode })}`, signal);

export const getExplanation = (question: Question, place: Asked, edition: string, signal: AbortSignal) =>
  get<Explanation>(explainPath(question, place, edition), signal);
