/** What the map is drawn from, and what changes in it without a new style. */
import type { Area, LayerInfo, Mode, ReachPolygon } from "../api";

export interface MapSource {
  /** Scheme and host of the tiles, `https://host:port`. */
  origin: string;
  layers: readonly LayerInfo[];
  areas: readonly Area[];
  /** `counted`: the dots are villages, counties, sites; not homes. */
  circle: { id: string; modes: readonly Mode[]; counted: boolean };
}

/** Read in the layers by `global-state`. */
export interface MapState {
  /** Seconds of a tile's times that are inside. */
  seconds: number;
  mode: string;
  area: string;
  areaLevel: string;
  /** Weight of a dot of ordinary size, in the demand's unit. */
  weightRef: number;
  /** Rate by area code, for the shading at small scales. */
  rates: Record<string, number>;
}

export const NO_POLYGON: ReachPolygon = { type: "FeatureCollection", features: [] };

/** Around these zooms shading by area gives way to the dots. */
export const SHADING_MAX_ZOOM = 10.4;
export const DOTS_MIN_ZOOM = 9.9;
/** Dots that are counted by the piece are few: they show over the shading. */
export const PIECES_MIN_ZOOM = 6;
/** Facilities show from here on: later where they would lie on the pieces they serve, or where their layers are many. */
export const FACILITIES_MIN_ZOOM = { few: 10, pieces: 11.4, many: 13.6 };
export const crowd = (layers: number, counted: boolean) => (layers > 2 ? "many" : counted ? "pieces" : "few");
/** From here on dots are fully drawn. */
export const DOTS_ZOOM = 10.4;
/** Tiles have townships from here on. */
export const TOWNSHIP_TILES_ZOOM = 9;
/** From here on townships are shaded instead of counties. */
export const TOWNSHIPS_ZOOM = 9.15;
/** How strongly areas are shaded; the legend shows the same. */
export const SHADING_OPACITY = 0.8;

export const hasLevel = (areas: readonly Area[], level: string) => areas.some((area) => area.level === level);
