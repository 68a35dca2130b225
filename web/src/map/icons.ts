/** Facility marks as SVG outlines: the same shapes in the legend and on the map. */
import type { LayerInfo } from "../api";
import { contrast, luminance, mix } from "./colour";
import { facilityMark, type Shape } from "./flavours";
import type { MapSource } from "./source";

function corners(count: number, turn: number, radii: [number, number?]): string {
  const [outer, inner] = radii;
  const steps = inner === undefined ? count : count * 2;
  const at = (i: number) => {
    const radius = inner !== undefined && i % 2 ? inner : outer;
    const angle = turn + (i * 2 * Math.PI) / steps - Math.PI / 2;
    return `${(16 + radius * Math.cos(angle)).toFixed(2)} ${(16 + radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${Array.from({ length: steps }, (_, i) => at(i)).join("L")}Z`;
}

const SHAPES: Record<Shape, string> = {
  circle: "M28 16A12 12 0 1 1 4 16A12 12 0 1 1 28 16Z",
  diamond: corners(4, 0, [12]),
  square: corners(4, Math.PI / 4, [12.5]),
  triangle: corners(3, 0, [13]),
  pentagon: corners(5, 0, [12]),
  star: corners(5, 0, [13.5, 6]),
  hexagon: corners(6, 0, [12]),
};

export interface Mark {
  path: string;
  fill: string;
  stroke: string;
  strokeWidth: number;
}

const isColour = (text: string | undefined): text is string => /^#[0-9a-f]{6}$/i.test(text ?? "");
const isShape = (text: string | undefined): text is Shape => text !== undefined && text in SHAPES;
const LEAST_CONTRAST = 3;

/**
 * The mark of a facility layer, the `index`-th of its kind, in a box of 32 × 32: filled where real, hollow on `ground` where synthetic.
 * Hue and shape are the layer's own where it names them; on a dark ground a dark hue is lightened until it shows.
 */
export function mark(layer: LayerInfo, index: number, synthetic: boolean, ground: string): Mark {
  const fallback = facilityMark(index);
  let hue = isColour(layer.colour) ? layer.colour : fallback.fill;
  const dark = luminance(ground) < 0.2;
  while (dark && contrast(hue, ground) < LEAST_CONTRAST) hue = mix(hue, "#ffffff", 0.12);
  const path = SHAPES[isShape(layer.shape) ? layer.shape : fallback.shape];
  return synthetic
    ? { path, fill: ground, stroke: hue, strokeWidth: 4 }
    : { path, fill: hue, stroke: mix(hue, dark ? "#ffffff" : "#000000", 0.35), strokeWidth: 2.5 };
}

export const facilityLayers = (layers: readonly LayerInfo[]) => layers.filter((layer) => layer.kind === "facility");

/** The facility layers the circle is about. */
export const venuesOf = ({ layers, circle }: Pick<MapSource, "layers" | "circle">) =>
  facilityLayers(layers).filter(({ id }) =>
    circle.modes.some(({ facilities }) => facilities.some(({ layer }) => layer === id)),
  );

/** The mark as pixels for the map, at twice the size, on a halo of `halo` so that it stands off the dots. */
export function pixels({ path, fill, stroke, strokeWidth }: Mark, halo: string): ImageData {
  const size = 64;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const draw = canvas.getContext("2d");
  if (!draw) throw new Error("this browser draws no 2D canvas");
  draw.scale(size / 32, size / 32);
  const outline = new Path2D(path);
  draw.lineJoin = "round";
  draw.lineWidth = strokeWidth + 3;
  draw.strokeStyle = halo;
  draw.stroke(outline);
  draw.fillStyle = fill;
  draw.fill(outline);
  draw.lineWidth = strokeWidth;
  draw.strokeStyle = stroke;
  draw.stroke(outline);
  return draw.getImageData(0, 0, size, size);
}
