/** The way of an explanation on the map: streets solid, access legs dashed, its end and the least change as marks. */
import type { LayerSpecification } from "maplibre-gl";
import { is } from "./expressions";
import type { Colours } from "./flavours";

export function wayLayers(c: Colours): LayerSpecification[] {
  const line = (id: string, part: string, paint: object): LayerSpecification =>
    ({
      id,
      type: "line",
      source: "way",
      filter: is("part", part),
      layout: { "line-join": "round", "line-cap": "round" },
      paint,
    }) as LayerSpecification;
  const mark = (id: string, part: string, paint: object): LayerSpecification =>
    ({ id, type: "circle", source: "way", filter: is("part", part), paint }) as LayerSpecification;
  return [
    line("way-casing", "street", { "line-color": c.halo, "line-width": 8, "line-opacity": 0.9 }),
    line("way-street", "street", { "line-color": c.selected, "line-width": 4 }),
    line("way-access", "access", { "line-color": c.selected, "line-width": 2.5, "line-dasharray": [0.2, 2] }),
    mark("way-end", "end", {
      "circle-radius": 6,
      "circle-color": c.halo,
      "circle-stroke-color": c.selected,
      "circle-stroke-width": 3,
    }),
    mark("way-change", "change", {
      "circle-radius": 7,
      "circle-color": c.unserved,
      "circle-stroke-color": c.selected,
      "circle-stroke-width": 2,
    }),
  ];
}
