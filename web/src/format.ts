/** Numbers, dates and coordinates as they are set on the page. Pure functions. */
import type { Language } from "./api";

const THIN = " "; // narrow no-break space: a number never parts from its unit

/** 72140 → "72,140"; whole numbers only. */
export function count(value: number): string {
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }).format(value);
}

/** 0.8336 → "83.4"; null → "–". 100.0 and 0.0 are kept for exact values only, so that no one is rounded away. */
export function percent(rate: number | null): string {
  if (rate === null || !Number.isFinite(rate)) return "–";
  const rounded = Math.round(rate * 1000) / 10;
  if (rounded === 100 && rate < 1) return "99.9";
  if (rounded === 0 && rate > 0) return "0.1";
  return rounded.toFixed(1);
}

/** Percentage points between two rates as printed: the difference of what the reader sees. */
export function points(a: number, b: number): string {
  return Math.abs(Number(percent(a)) - Number(percent(b))).toFixed(1);
}

type Titles = Record<Language, string>;

const UNITS: Record<string, Titles> = {
  persons: { zh: "人", en: "people" },
  m2: { zh: "m²", en: "m²" },
  "1": { zh: "", en: "" },
};

/** Whether a demand is counted by the piece: villages, counties, clinics. */
export const isCounted = (unit: string): boolean => !(unit in UNITS);

/** The word after a number: what is counted by the piece is 个 in Chinese, its own noun in English. */
export function unit(name: string, language: Language): string {
  return UNITS[name]?.[language] ?? (language === "zh" ? "个" : name.replaceAll("_", " "));
}

export function quantity(value: number, unitName: string, language: Language): string {
  const word = unit(unitName, language);
  return word ? `${count(value)}${THIN}${word}` : count(value);
}

/** A measure: whole from 100 on, else to two figures behind the point, without idle zeros. */
export function measure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: digits }).format(value);
}

/** 15 and "min" → "15 分钟"; 500 and "m" → "500 米". */
export function limitText(value: number, unitName: string, language: Language): string {
  const words: Record<string, Titles> = {
    min: { zh: "分钟", en: value === 1 ? "minute" : "minutes" },
    m: { zh: "米", en: "m" },
  };
  return `${count(value)} ${words[unitName]?.[language] ?? unitName}`;
}

/** A limit as the server tells it, "15 min" or "500 m", in the page's language; nothing where there is none. */
export function toldLimit(text: string | null | undefined, language: Language): string {
  const [, value, unitName] = /^([\d.]+) (min|m)$/.exec(text ?? "") ?? [];
  return value && unitName ? limitText(Number(value), unitName, language) : "";
}

/** "walk or cycle" → "Walk or cycle", where it stands alone. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Seconds → whole minutes, rounded up, so that "12 minutes" is never too little. */
export function minutes(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 60));
}

/** An ISO instant → 2026年11月22日 or 22 November 2026, in Beijing time. */
export function date(iso: string, language: Language): string {
  const day = new Date(iso);
  if (Number.isNaN(day.getTime())) return iso;
  const parts = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {
    year: "numeric",
    month: "long",
    day: "numeric",
    timeZone: "Asia/Shanghai",
  });
  return parts.format(day);
}

/** Longitude and latitude with four decimals (the public precision) and their hemispheres. */
export function lonLat(lon: number, lat: number): string {
  const side = (value: number, positive: string, negative: string) =>
    `${Math.abs(value).toFixed(4)}°${THIN}${value < 0 ? negative : positive}`;
  return `${side(lon, "E", "W")}  ${side(lat, "N", "S")}`;
}

/** The longest round distance (1, 2 or 5 × 10ⁿ m) that fits `maxPx`, with its width in pixels. */
export function scaleBar(metresPerPixel: number, maxPx: number): { metres: number; px: number; label: string } {
  const room = metresPerPixel * maxPx;
  const power = 10 ** Math.floor(Math.log10(room));
  const metres = power * (room / power >= 5 ? 5 : room / power >= 2 ? 2 : 1);
  const label = metres >= 1000 ? `${metres / 1000}${THIN}km` : `${metres}${THIN}m`;
  return { metres, px: metres / metresPerPixel, label };
}
