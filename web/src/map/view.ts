/** The map on the page: MapLibre behind the few verbs the page needs. */
import * as maplibre from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Bounds, Language, ReachPolygon } from "../api";
import { anchorBeside, NO_WAY, outside, type WayShape } from "../explain";
import type { Flavour, Place } from "../hash";
import { type Aim, centre } from "./aim";
import { FLAVOURS } from "./flavours";
import { mark, pixels, venuesOf } from "./icons";
import { type MapSource, type MapState, NO_POLYGON } from "./source";
import { circleLayer, style } from "./style";
import { facilityIcon } from "./thematic";

maplibre.setWorkerUrl(workerUrl);

export interface Hit {
  layer: string;
  /** Its number in its tiles; of a dot, the row of the demand. */
  number: number | null;
  lon: number;
  lat: number;
  properties: Record<string, unknown>;
}

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface ViewEvents {
  moved: (place: Place, metresPerPixel: number) => void;
  pointed: (lon: number, lat: number) => void;
  /** Something was pointed at, or nothing but the place itself. */
  hit: (hit: Hit | null, lon: number, lat: number) => void;
  /** The popup was closed by its button or by Escape. */
  closed: () => void;
  idle: () => void;
  failed: (message: string) => void;
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const TOUCH_PX = 5;
const POPUP_PX = 340;
/** A change of the ordinary weight by less than this leaves the dots as they are. */
const NOTABLE = 1.6;
const METRES_PER_PIXEL_Z0 = 40_075_016.686 / 512;

export class MapView {
  readonly #map: maplibre.Map;
  #source: MapSource;
  readonly #events: ViewEvents;
  #state: MapState;
  #flavour: Flavour;
  #language: Language;
  #styled = false;
  #reach: ReachPolygon = NO_POLYGON;
  #way: WayShape = NO_WAY;
  #popup: maplibre.Popup | null = null;

  constructor(
    container: HTMLElement,
    source: MapSource,
    state: MapState,
    look: {
      flavour: Flavour;
      language: Language;
      bounds: Bounds;
      aim: Aim;
      place: Place | undefined;
      padding: Padding;
    },
    events: ViewEvents,
  ) {
    this.#source = source;
    this.#state = state;
    this.#events = events;
    this.#flavour = look.flavour;
    this.#language = look.language;
    const [west, south, east, north] = look.bounds;
    const [margin, tall] = [(east - west) * 0.6 + 0.2, (north - south) * 1.5 + 0.2];
    this.#map = new maplibre.Map({
      container,
      style: style(source, look.flavour, look.language, state),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      minZoom: 5,
      maxZoom: 17.5,
      maxBounds: [west - margin * 1.6, south - tall, east + margin, north + tall],
      fadeDuration: calm() ? 0 : 150,
      ...(look.place
        ? { center: [look.place.lon, look.place.lat], zoom: look.place.zoom }
        : { bounds: look.aim.bounds, fitBoundsOptions: { padding: look.padding } }),
    });
    if (!look.place) this.show(look.aim, look.padding, 0);
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.#map.on("style.load", () => this.#dress());
    this.#map.on("moveend", () => this.#tellPlace());
    this.#map.on("move", () => this.#tellPlace());
    this.#map.on("mousemove", ({ lngLat }) => events.pointed(lngLat.lng, lngLat.lat));
    this.#map.on("mousemove", ({ point }) => {
      this.#map.getCanvas().style.cursor = this.#at(point) ? "pointer" : "";
    });
    this.#map.on("click", ({ point, lngLat }) => events.hit(this.#at(point), lngLat.lng, lngLat.lat));
    this.#map.on("idle", () => {
      if (!this.#weigh()) events.idle();
    });
    this.#map.on("error", ({ error }) => events.failed(error.message));
    this.#map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the close button that takes the focus would be pressed
      const centre = this.#map.getCenter();
      events.hit(this.#at(this.#map.project(centre)), centre.lng, centre.lat);
    });
    this.#tellPlace();
  }

  #tellPlace(): void {
    const { lng, lat } = this.#map.getCenter();
    const zoom = this.#map.getZoom();
    const metres = (METRES_PER_PIXEL_Z0 * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;
    this.#events.moved({ zoom, lat, lon: lng }, metres);
  }

  /** A style that has just loaded has no icons, none of the later state and no polygon: give it all three. */
  #dress(): void {
    this.#styled = true;
    const { halo } = FLAVOURS[this.#flavour];
    venuesOf(this.#source).forEach((layer, index) => {
      for (const synthetic of [false, true]) {
        const name = facilityIcon(index, synthetic);
        const image = pixels(mark(layer, index, synthetic, halo), halo);
        if (this.#map.hasImage(name)) this.#map.removeImage(name);
        this.#map.addImage(name, image, { pixelRatio: 2 });
      }
    });
    this.setState(this.#state);
    this.setReach(this.#reach);
    this.setWay(this.#way);
  }

  /** The most telling thing near a point: a facility before a dot. */
  #at(point: maplibre.Point): Hit | null {
    const demand = ["demand-unserved", "demand-served"];
    const wanted = [...venuesOf(this.#source).map((layer) => layer.id), ...demand];
    const layers = wanted.filter((id) => this.#map.getLayer(id));
    const box: [maplibre.PointLike, maplibre.PointLike] = [
      [point.x - TOUCH_PX, point.y - TOUCH_PX],
      [point.x + TOUCH_PX, point.y + TOUCH_PX],
    ];
    const found = this.#map.queryRenderedFeatures(box, { layers });
    const near = found
      .filter((feature) => feature.geometry.type === "Point")
      .map((feature) => {
        const [lon = 0, lat = 0] = (feature.geometry as GeoJSON.Point).coordinates;
        const rank = demand.includes(feature.layer.id) ? 1 : 0;
        const distance = this.#map.project([lon, lat]).dist(point);
        const number = typeof feature.id === "number" ? feature.id : null;
        return { hit: { layer: feature.layer.id, number, lon, lat, properties: feature.properties }, rank, distance };
      })
      .sort((a, b) => a.rank - b.rank || a.distance - b.distance);
    return near[0]?.hit ?? null;
  }

  /**
   * Let the ordinary dot (the 70th percentile by weight) have the ordinary size. Tiles merge dots at small scales, so
   * this is looked at whenever the map rests, and changed only by much. True when that changed the dots.
   */
  #weigh(): boolean {
    const id = circleLayer(this.#source.circle.id);
    if (!this.#map.getSource(id)) return false;
    const weights = this.#map
      .querySourceFeatures(id, { sourceLayer: id })
      .map((feature) => Number(feature.properties.w))
      .filter((weight) => weight > 0)
      .sort((a, b) => a - b);
    const ordinary = weights[Math.floor(weights.length * 0.7)];
    if (ordinary === undefined || weights.length < 20) return false;
    const change = ordinary / this.#state.weightRef;
    if (change > 1 / NOTABLE && change < NOTABLE) return false;
    this.setState({ weightRef: ordinary });
    return true;
  }

  get weightRef(): number {
    return this.#state.weightRef;
  }

  setState(change: Partial<MapState>): void {
    this.#state = { ...this.#state, ...change };
    if (!this.#styled) return;
    for (const [key, value] of Object.entries(change)) this.#map.setGlobalStateProperty(key, value);
  }

  setReach(reach: ReachPolygon): void {
    this.#reach = reach;
    if (this.#styled) this.#map.getSource<maplibre.GeoJSONSource>("reach")?.setData(reach);
  }

  /** Draw the way of an explanation, or none. */
  setWay(way: WayShape): void {
    this.#way = way;
    if (this.#styled) this.#map.getSource<maplibre.GeoJSONSource>("way")?.setData(way);
  }

  /** Draw another circle. */
  setSource(source: MapSource): void {
    this.#source = source;
    this.setLook(this.#flavour, this.#language);
  }

  setLook(flavour: Flavour, language: Language): void {
    this.closePopup();
    this.#flavour = flavour;
    this.#language = language;
    this.#styled = false;
    this.#map.setStyle(style(this.#source, flavour, language, this.#state), { diff: false });
  }

  frame([west, south, east, north]: Bounds, padding: Padding, duration = calm() ? 0 : 190): void {
    this.#map.fitBounds([west, south, east, north], { padding, maxZoom: 14.5, duration });
  }

  /** Go where `aim` says; `padding` is what lies under panels. */
  show(aim: Aim, padding: Padding, duration = calm() ? 0 : 190): void {
    const whole = this.#map.cameraForBounds(aim.bounds, { padding });
    if (whole?.zoom !== undefined && whole.zoom >= aim.least) {
      this.frame(aim.bounds, padding, duration);
      return;
    }
    const { left, right, top, bottom } = padding;
    const offset: [number, number] = [(left - right) / 2, (top - bottom) / 2];
    const { clientWidth, clientHeight } = this.#map.getContainer();
    const room: [number, number] = [clientWidth - left - right, clientHeight - top - bottom];
    this.#map.easeTo({ center: centre(aim, room), zoom: aim.least, offset, duration });
  }

  zoomBy(step: number): void {
    this.#map.zoomTo(this.#map.getZoom() + step, { duration: calm() ? 0 : 160 });
  }

  resize(): void {
    this.#map.resize();
  }

  /** Show `content` at a place; the popup's own button closes it, as does Escape. */
  openPopup(lon: number, lat: number, content: HTMLElement, closeLabel: string): void {
    this.closePopup();
    const popup = new maplibre.Popup({ closeButton: true, closeOnClick: false, maxWidth: `${POPUP_PX}px`, offset: 10 })
      .setLngLat([lon, lat])
      .setDOMContent(content)
      .addTo(this.#map);
    const element = popup.getElement();
    element.querySelector(".maplibregl-popup-close-button")?.setAttribute("aria-label", closeLabel);
    popup.on("close", () => this.#events.closed());
    this.#popup = popup;
  }

  /** Put the popup where it does not hide the way, and move the map until all of it is seen. */
  reveal(way: WayShape, padding: Padding): void {
    const popup = this.#popup;
    if (!popup) return;
    const narrow = this.#map.getContainer().clientWidth < 2 * POPUP_PX;
    const anchor = anchorBeside(popup.getLngLat(), way, narrow);
    if (anchor) {
      popup.options.anchor = anchor;
      popup.setLngLat(popup.getLngLat());
    }
    const [x, y] = outside(
      popup.getElement().getBoundingClientRect(),
      this.#map.getContainer().getBoundingClientRect(),
      padding,
    );
    if (x !== 0 || y !== 0) this.#map.panBy([x, y], { duration: calm() ? 0 : 180 });
  }

  closePopup(): void {
    this.#popup?.remove();
    this.#popup = null;
  }
}
