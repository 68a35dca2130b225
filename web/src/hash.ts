/** The address keeps the question, the language, the flavour and the place on the map. Pure functions. */
import type { Language } from "./api";

export type Flavour = "light" | "dark";

export interface Place {
  zoom: number;
  lat: number;
  lon: number;
}

export interface Address {
  /** The year of the plan that is open, instead of a circle's answer. */
  plan?: number;
  circle?: string;
  area?: string;
  minutes?: number;
  metres?: number;
  mode?: string;
  reach?: boolean;
  lang?: Language;
  theme?: Flavour;
  map?: Place;
}

/** Read a location hash. What it does not understand is left out, never guessed. */
export function parseHash(hash: string): Address {
  const read = new URLSearchParams(hash.replace(/^#/, ""));
  const address: Address = {};
  for (const name of ["circle", "area", "mode"] as const) {
    const value = read.get(name);
    if (value) address[name] = value;
  }
  for (const name of ["minutes", "metres"] as const) {
    const value = Number(read.get(name));
    if (Number.isFinite(value) && value > 0) address[name] = value;
  }
  const plan = Number(read.get("plan"));
  if (Number.isInteger(plan) && plan > 2000 && plan < 2100) address.plan = plan;
  if (read.get("reach") === "1") address.reach = true;
  const lang = read.get("lang");
  if (lang === "zh" || lang === "en") address.lang = lang;
  const theme = read.get("theme");
  if (theme === "light" || theme === "dark") address.theme = theme;
  const [zoom, lat, lon] = (read.get("map") ?? "").split("/").map(Number);
  if (zoom !== undefined && lat !== undefined && lon !== undefined) {
    const sane = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
    if (sane) address.map = { zoom, lat, lon };
  }
  return address;
}

/** Write the address in a fixed order, so that equal views have equal links. */
export function formatHash(address: Address): string {
  const pairs: string[] = [];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined && value !== "") pairs.push(`${name}=${encodeURIComponent(value)}`);
  };
  add("plan", address.plan);
  add("circle", address.circle);
  add("area", address.area);
  add("minutes", address.minutes);
  add("metres", address.metres);
  add("mode", address.mode);
  add("reach", address.reach ? 1 : undefined);
  add("lang", address.lang);
  add("theme", address.theme);
  if (address.map) {
    const { zoom, lat, lon } = address.map;
    pairs.push(`map=${zoom.toFixed(2)}/${lat.toFixed(4)}/${lon.toFixed(4)}`);
  }
  return `#${pairs.join("&")}`;
}
