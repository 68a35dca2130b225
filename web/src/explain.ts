/** Why a place is inside or outside: the server's explanation, how it is asked for, and what of it is drawn. */
import type { Measure, Question, Titles } from "./api";

export interface Amount {
  value: number;
  unit: "min" | "m";
}

export interface FacilityRef {
  id: string;
  name: string;
  kind: string | null;
  layer: string;
  lon: number;
  lat: number;
  synthetic: boolean;
}

export type Status = "ok" | "beyond" | "unreachable" | "off_network" | "absent";

export interface Way {
  metres: number;
  minutes: number;
  climb_m: number | null;
  descent_m: number | null;
  slowest: {
    name: string | null;
    street_class: string | null;
    length_m: number;
    kph: number;
    slope: number | null;
  } | null;
  streets: string[];
  bridges: string[];
  geometry: GeoJSON.LineString;
}

export interface Change {
  kind: string;
  sentence: Titles;
  enough: boolean;
  metres: number | null;
  lon: number | null;
  lat: number | null;
}

export interface ServiceState {
  id: string;
  title: Titles;
  covered: boolean;
  limit: Amount | null;
  minutes: number | null;
  metres: number | null;
}

export interface Explanation {
  circle: string;
  choice: string;
  choice_title: Titles;
  place: {
    kind: "point" | "demand" | "unit" | "area";
    lon: number;
    lat: number;
    name: string | null;
    weight: number | null;
    township: { name: string } | null;
    county: { name: string } | null;
    note: Titles | null;
  };
  covered: boolean;
  status: Status;
  sentence: Titles;
  facility: FacilityRef | null;
  way: Way | null;
  straight: { metres: number; covered: boolean; why: Titles | null } | null;
  decides: { kind: string; sentence: Titles };
  services: ServiceState[];
  changes: Change[];
  measures: Measure[];
}

/** A place on the map: a dot by its number in the circle's tiles, or any point. */
export type Asked = { dot: number } | { lon: number; lat: number };

const DECIMALS = 6;

/** The address of an explanation. */
export function explainPath({ circle, mode, limits }: Question, place: Asked, edition: string): string {
  const where: Record<string, string> =
    "dot" in place
      ? { dot: String(place.dot) }
      : { lon: place.lon.toFixed(DECIMALS), lat: place.lat.toFixed(DECIMALS) };
  const values = Object.entries(limits).map(([name, value]) => [name, String(value)]);
  return `/api/explain?${new URLSearchParams({ circle, ...where, ...Object.fromEntries(values), mode, edition })}`;
}

export type WayShape = GeoJSON.FeatureCollection<GeoJSON.LineString | GeoJSON.Point>;

export const NO_WAY: WayShape = { type: "FeatureCollection", features: [] };

/** What is drawn of an explanation: the streets of the way, its access legs, its end, and where the least change is. */
export function wayShape(told: Explanation | null): WayShape {
  if (!told) return NO_WAY;
  const features: WayShape["features"] = [];
  const line = (part: string, coordinates: GeoJSON.Position[]) =>
    features.push({ type: "Feature", properties: { part }, geometry: { type: "LineString", coordinates } });
  const point = (part: string, coordinates: GeoJSON.Position) =>
    features.push({ type: "Feature", properties: { part }, geometry: { type: "Point", coordinates } });
  const stops = told.way?.geometry.coordinates ?? [];
  if (stops.length >= 4) line("street", stops.slice(1, -1));
  if (stops.length >= 2) {
    line("access", stops.slice(0, 2));
    if (stops.length > 2) line("access", stops.slice(-2));
    point("end", stops[stops.length - 1] ?? []);
  }
  const least = told.changes.find(({ lon }) => lon !== null);
  if (least?.lon != null && least.lat != null) point("change", [least.lon, least.lat]);
  return { type: "FeatureCollection", features };
}

export type Anchor = "top" | "bottom" | "left" | "right";

/** The side of the popup to hang by, so that it lies away from the way; null where there is none. Above or below where it is `narrow`. */
export function anchorBeside(
  { lng, lat }: { lng: number; lat: number },
  way: WayShape,
  narrow: boolean,
): Anchor | null {
  const stops = way.features.flatMap(({ geometry }) => (geometry.type === "LineString" ? geometry.coordinates : []));
  if (stops.length === 0) return null;
  const mean = (axis: 0 | 1) => stops.reduce((sum, stop) => sum + (stop[axis] ?? 0), 0) / stops.length;
  const east = (mean(0) - lng) * Math.cos((lat * Math.PI) / 180);
  const north = mean(1) - lat;
  if (!narrow && Math.abs(east) > Math.abs(north)) return east > 0 ? "right" : "left";
  return north > 0 ? "top" : "bottom";
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** How far, px, a box reaches out of a frame that is narrowed by `padding`: [right, down], negative to the left and up. */
export function outside(box: Box, frame: Box, padding: Box): [number, number] {
  const over = (low: number, high: number, from: number, to: number) => {
    if (low < from) return low - from;
    return Math.max(0, Math.min(high - to, low - from));
  };
  return [
    over(box.left, box.right, frame.left + padding.left, frame.right - padding.right),
    over(box.top, box.bottom, frame.top + padding.top, frame.bottom - padding.bottom),
  ];
}

/** A sentence parted after its verdict: "圈外：…" or "Not served: …". */
export function lead(sentence: string): [verdict: string, rest: string] {
  const found = /^(.{1,20}?)(：|: )/u.exec(sentence);
  return found ? [found[1] ?? "", sentence.slice(found[0].length)] : ["", sentence];
}

/** The services of a composite as they are listed: all that are missing, and how many are there. */
export function missing(services: readonly ServiceState[]): { lacks: ServiceState[]; there: number } {
  const lacks = services.filter(({ covered }) => !covered);
  return { lacks, there: services.length - lacks.length };
}
