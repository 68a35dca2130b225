/** Where the map looks. Pure functions. */
import type { Area, Bounds } from "../api";

export type LonLat = [lon: number, lat: number];

/** What the map is to show: all of `bounds`, but no farther out than `least`; then what of it lies around `point`. */
export interface Aim {
  bounds: Bounds;
  point: LonLat;
  least: number;
}

export const middle = ([west, south, east, north]: Bounds): LonLat => [(west + east) / 2, (south + north) / 2];

/** Where an area's name is written and where a view of it belongs: among its people where that is known. */
export const pointOf = (area: Area): LonLat => area.point ?? middle(area.bbox);

const northing = (lat: number) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
const latitude = (y: number) => (Math.atan(Math.sinh(y)) * 180) / Math.PI;

/** The centre of a view of `size` px at `aim.least`: as near to the point as can be without showing what lies outside the bounds. */
export function centre({ bounds, point, least }: Aim, [width, height]: [width: number, height: number]): LonLat {
  const [west, south, east, north] = bounds;
  const world = 512 * 2 ** least;
  const within = (at: number, low: number, high: number, half: number) =>
    high - low <= 2 * half ? (low + high) / 2 : Math.min(high - half, Math.max(low + half, at));
  const lon = within(point[0], west, east, ((width / world) * 360) / 2);
  const half = ((height / world) * 2 * Math.PI) / 2;
  return [lon, latitude(within(northing(point[1]), northing(south), northing(north), half))];
}

/**
 * The heart of the `focus`: among the townships there (else the counties) the place with the most others around it.
 * Townships are drawn to hold like numbers of people, so that they lie closest where most people live.
 */
export function heart(areas: readonly Area[], focus: Bounds): LonLat {
  const [west, south, east, north] = focus;
  const near = (east - west) / 8;
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  for (const wanted of ["township", "county"]) {
    const points = areas
      .filter(({ level }) => level === wanted)
      .map(pointOf)
      .filter(([lon, lat]) => lon >= west && lon <= east && lat >= south && lat <= north);
    const around = ([x, y]: LonLat) =>
      points.filter(([lon, lat]) => Math.hypot((lon - x) * narrow, lat - y) <= near * narrow);
    const most = points.map(around).reduce((best, group) => (group.length > best.length ? group : best), []);
    if (most.length > 1) {
      const mean = (at: 0 | 1) => most.reduce((sum, point) => sum + point[at], 0) / most.length;
      return [mean(0), mean(1)];
    }
  }
  return middle(focus);
}
