/** Every colour of the page and of the map, by flavour; `test/colour.test.ts` holds them to their contrasts. */
import type { Flavour } from "../hash";

export interface Colours {
  served: string;
  unserved: string;
  unservedOutline: string;
  /** Five classes from low to high rate: ColorBrewer Greens, mixed towards the ground on dark. */
  ramp: [string, string, string, string, string];
  land: string;
  residential: string;
  industrial: string;
  green: string;
  building: string;
  water: string;
  waterText: string;
  street: string;
  streetMajor: string;
  streetCasing: string;
  boundary: string;
  boundaryMinor: string;
  selected: string;
  label: string;
  labelMinor: string;
  halo: string;
  station: string;
  /** The page around the map. */
  paper: string;
  paperRaised: string;
  ink: string;
  muted: string;
  line: string;
  accent: string;
  accentInk: string;
  outside: string;
  danger: string;
  noticePaper: string;
  noticeInk: string;
}

export const FLAVOURS: Record<Flavour, Colours> = {
  light: {
    served: "#0b7a75",
    unserved: "#f2a03d",
    unservedOutline: "#8a4b08",
    ramp: ["#edf8e9", "#bae4b3", "#74c476", "#31a354", "#006d2c"],
    land: "#faf9f5",
    residential: "#f4f1ea",
    industrial: "#f0edee",
    green: "#e8f0e0",
    building: "#e6e2da",
    water: "#a9cfe3",
    waterText: "#2f6487",
    street: "#dfdcd5",
    streetMajor: "#cfcbc3",
    streetCasing: "#b9b4aa",
    boundary: "#6f6780",
    boundaryMinor: "#a59eb0",
    selected: "#1d2426",
    label: "#2b2f36",
    labelMinor: "#474c55",
    halo: "#fffefb",
    station: "#3d5a80",
    paper: "#fffefb",
    paperRaised: "#f5f3ed",
    ink: "#1c2325",
    muted: "#596367",
    line: "#e0dcd3",
    accent: "#0b7a75",
    accentInk: "#ffffff",
    outside: "#8a4b08",
    danger: "#a4262c",
    noticePaper: "#fdf0d9",
    noticeInk: "#6b3a05",
  },
  dark: {
    served: "#259289",
    unserved: "#ffbe6b",
    unservedOutline: "#8a4b08",
    ramp: ["#22302a", "#245139", "#2f7a4c", "#52a866", "#a1d99b"],
    land: "#14181b",
    residential: "#1a1f22",
    industrial: "#1c1f23",
    green: "#18221c",
    building: "#23292d",
    water: "#1f3b4d",
    waterText: "#8fc0dc",
    street: "#343d42",
    streetMajor: "#4a555b",
    streetCasing: "#6b777e",
    boundary: "#9a90b0",
    boundaryMinor: "#5e586c",
    selected: "#f3f4f2",
    label: "#eceef0",
    labelMinor: "#b3bac0",
    halo: "#14181a",
    station: "#a9c3e6",
    paper: "#1a2023",
    paperRaised: "#252d32",
    ink: "#eef0ef",
    muted: "#a8b2b6",
    line: "#333c41",
    accent: "#4fc4bb",
    accentInk: "#0c1a19",
    outside: "#ffc579",
    danger: "#ff9d94",
    noticePaper: "#3a2c12",
    noticeInk: "#ffd699",
  },
};

/** Rates at which the ramp's next class begins. Fixed, so that classes mean the same at every minute and place. */
export const RAMP_BREAKS = [0.2, 0.4, 0.6, 0.8] as const;

export type Shape = "circle" | "diamond" | "triangle" | "square" | "pentagon" | "star" | "hexagon";

/** One hue and one shape a facility layer, in the order the server lists them: the Okabe–Ito set without teal and amber's neighbours first. */
export const FACILITY_MARKS: readonly { fill: string; outline: string; shape: Shape }[] = [
  { fill: "#cc79a7", outline: "#5c1f42", shape: "diamond" },
  { fill: "#0072b2", outline: "#002f4a", shape: "square" },
  { fill: "#56b4e9", outline: "#0b4a70", shape: "triangle" },
  { fill: "#f0e442", outline: "#5f590a", shape: "pentagon" },
  { fill: "#d55e00", outline: "#5a2700", shape: "star" },
  { fill: "#999999", outline: "#2f2f2f", shape: "hexagon" },
];

/** The mark a layer gets that names none of its own. */
export function facilityMark(index: number): (typeof FACILITY_MARKS)[number] {
  const mark = FACILITY_MARKS[index % FACILITY_MARKS.length];
  if (!mark) throw new RangeError(`no facility mark at ${index}`);
  return mark;
}
