/** Colour as eyes and printers see it: WCAG 2.2 contrast, greyscale and deuteranopia. Pure functions. */

type Rgb = [number, number, number];

/** "#0b7a75" → linear-light red, green and blue in 0…1. */
function linear(hex: string): Rgb {
  const value = /^#([0-9a-f]{6})$/i.exec(hex)?.[1];
  if (!value) throw new RangeError(`not a colour of the form #rrggbb: ${hex}`);
  const channel = (at: number) => {
    const c = Number.parseInt(value.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [channel(0), channel(2), channel(4)];
}

const luminanceOf = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** `part` of colour `b` in colour `a`, mixed in sRGB as CSS does. */
export function mix(a: string, b: string, part: number): string {
  const channels = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const [from, to] = [channels(a), channels(b)];
  return `#${from
    .map((v, i) =>
      Math.round(v + ((to[i] ?? v) - v) * part)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/** Relative luminance, 0 (black) to 1 (white): what a greyscale print keeps. */
export const luminance = (hex: string): number => luminanceOf(linear(hex));

const ratio = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

/** Contrast ratio of WCAG 2.2, 1 to 21. */
export const contrast = (a: string, b: string): number => ratio(luminance(a), luminance(b));

/** The colour as seen with deuteranopia (Machado, Oliveira & Fernandes 2009, severity 1), linear light. */
function deuteranopia([r, g, b]: Rgb): Rgb {
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  return [
    clip(0.367322 * r + 0.860646 * g - 0.227968 * b),
    clip(0.280085 * r + 0.672501 * g + 0.047413 * b),
    clip(-0.01182 * r + 0.04294 * g + 0.968881 * b),
  ];
}

/** Contrast ratio of two colours as seen with deuteranopia. */
export const contrastDeuteranopia = (a: string, b: string): number =>
  ratio(luminanceOf(deuteranopia(linear(a))), luminanceOf(deuteranopia(linear(b))));
