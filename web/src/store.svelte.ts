/** The page's state: what is asked, what was answered, how it looks. Components read it and call its verbs. */
import {
  type Answer,
  ApiError,
  type Area,
  type CircleInfo,
  getAnswer,
  getAreas,
  getCircles,
  getPolygon,
  getSession,
  type Language,
  type Question,
  type ReachPolygon,
  type Session,
} from "./api";
import { isCounted } from "./format";
import { type Flavour, formatHash, type Place, parseHash } from "./hash";
import { type Aim, heart, middle, pointOf } from "./map/aim";
import { DOTS_ZOOM, TOWNSHIPS_ZOOM } from "./map/source";
import { choiceOf, clamp, dotRule, drawsReach, limitsAsked, openingCircle } from "./question";
import type { Asked } from "./sentence";
import { WORDS, type Words } from "./text";

export interface Facts {
  session: Session;
  areas: Area[];
  circles: CircleInfo[];
}

const DEBOUNCE_MS = 160;
/** The polygon may lag a beat behind the figures: it is dear to draw. */
const POLYGON_MS = 450;
const ADDRESS_MS = 250;
const PATIENCE_MS = 300;

const startLanguage = (): Language => "zh";
const startFlavour = (): Flavour => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

/** An edition may have no areas, or none for the city as a whole; one can always ask about the city. */
function withCity({ city, bounds }: Session, areas: Area[]): Area[] {
  if (areas.some(({ level }) => level === "city")) {
    const english = (area: Area) => area.name_en ?? city.name_en ?? null;
    return areas.map((area) => (area.code === city.code ? { ...area, name_en: english(area) } : area));
  }
  const whole: Area = { ...city, level: "city", parent: null, bbox: bounds, synthetic: false };
  return [whole, ...areas];
}

class Store {
  facts = $state.raw<Facts | null>(null);
  startError = $state<ApiError | null>(null);

  circleId = $state("");
  areaCode = $state("");
  mode = $state("");
  /** The limit that is asked, in the choice's unit; 0 where the choice has none. */
  value = $state(0);

  /** The year of the plan that is open in the panel; null while a circle is looked at. */
  plan = $state<number | null>(null);

  language = $state<Language>(startLanguage());
  flavour = $state<Flavour>(startFlavour());
  place = $state.raw<Place | undefined>(undefined);

  answer = $state.raw<Answer | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** A request is under way; `slow` once it has taken long enough to say so. */
  busy = $state(false);
  slow = $state(false);

  showReach = $state(false);
  reach = $state.raw<ReachPolygon | null>(null);
  reachMissing = $state(false);
  reachBusy = $state(false);

  #asking: AbortController | null = null;
  #drawing: AbortController | null = null;
  #timer = 0;
  #patience = 0;
  #addressTimer = 0;

  words: Words = $derived(WORDS[this.language]);
  circle = $derived(this.facts?.circles.find(({ id }) => id === this.circleId) ?? null);
  area = $derived(this.facts?.areas.find(({ code }) => code === this.areaCode) ?? null);
  choice = $derived(this.circle ? (choiceOf(this.circle, this.mode) ?? null) : null);
  limit = $derived(this.choice?.limit ?? null);
  question: Question = $derived({
    circle: this.circleId,
    area: this.areaCode,
    mode: this.mode,
    limits: limitsAsked(this.choice ?? undefined, this.value),
  });
  /** How the dots tell who is inside. */
  dots = $derived(this.circle ? dotRule(this.circle, this.mode) : null);
  drawsReach = $derived(drawsReach(this.choice ?? undefined));

  /** The limit that is asked, where it is one of time. */
  get minutes(): number {
    return this.limit?.unit === "min" ? this.value : Number.NaN;
  }

  /** Whom the circle counts, in the page's language. */
  noun = $derived.by(() => {
    const demand = this.circle?.demand;
    if (!demand) return "";
    if (this.language === "zh") return demand.zh;
    const noun = demand.en ?? (demand.unit === "m2" ? "dwelling floor area" : demand.kind);
    return noun.charAt(0).toLowerCase() + noun.slice(1);
  });

  /** What was asked for the answer that is shown; null where its circle is no longer known. */
  asked: Asked | null = $derived.by(() => {
    const { answer, facts } = this;
    const circle = facts?.circles.find(({ id }) => id === answer?.circle);
    const choice = circle?.modes.find(({ id }) => id === answer?.parameters.mode);
    if (!answer || !facts || !circle || !choice) return null;
    const value = choice.limit?.unit === "m" ? answer.parameters.metres : answer.parameters.minutes;
    return { circle, choice, value: value ?? 0, layers: facts.session.layers };
  });

  /** The name of an area in the page's language, where the server knows one. */
  named(code: string, name = ""): string {
    const area = this.facts?.areas.find((each) => each.code === code);
    return (this.language === "en" && area?.name_en) || area?.name || name;
  }

  /** Whether anything behind the figure is made up; said once too often rather than once too seldom. */
  synthetic = $derived.by(() => {
    const notices = [...(this.facts?.session.notices ?? []), ...(this.answer?.notices ?? [])];
    const marked = this.facts?.session.synthetic || notices.some(({ kind }) => kind === "synthetic");
    return Boolean(marked) || (this.answer?.facilities.synthetic ?? 0) > 0;
  });

  async start(): Promise<void> {
    const address = parseHash(location.hash);
    if (address.lang) this.language = address.lang;
    if (address.theme) this.flavour = address.theme;
    this.startError = null;
    try {
      const [session, areas, circles] = await Promise.all([getSession(), getAreas(), getCircles()]);
      this.facts = { session, areas: withCity(session, areas), circles };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.startError = error;
      return;
    }
    this.#read();
    this.ask(0);
    if (this.showReach) void this.#draw();
  }

  /** Take the question from the address; what it leaves out, or what no longer exists, from the circle's defaults. */
  #read(): void {
    if (!this.facts) return;
    const { session, areas, circles } = this.facts;
    const address = parseHash(location.hash);
    const circle = openingCircle(circles, address.circle);
    if (!circle) return;
    if (circle.id !== this.circleId) this.answer = null;
    this.circleId = circle.id;
    this.mode = choiceOf(circle, address.mode)?.id ?? circle.default_mode;
    this.value = this.#fit(this.limit?.unit === "m" ? address.metres : address.minutes);
    this.areaCode = areas.find(({ code }) => code === address.area)?.code ?? session.city.code;
    this.showReach = address.reach ?? false;
    this.plan = address.plan ?? null;
    this.place = address.map;
  }

  /** The address was changed by hand or by a link: ask what it says. */
  readAddress(): void {
    this.#read();
    this.ask(0);
    void this.#draw();
  }

  /** A value within the choice's limit; its own where none is given. */
  #fit(value: number | undefined): number {
    return this.limit ? clamp(this.limit, value ?? this.limit.value) : 0;
  }

  /** Ask the server for the figures, after a short rest; an earlier question still under way is dropped. */
  ask(restMs = DEBOUNCE_MS): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#ask(), restMs);
  }

  async #ask(): Promise<void> {
    const edition = this.facts?.session.edition;
    this.#asking?.abort();
    if (edition === undefined || !this.circle?.ready) {
      this.busy = this.slow = false;
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    this.busy = true;
    clearTimeout(this.#patience);
    this.#patience = window.setTimeout(() => {
      this.slow = this.busy;
    }, PATIENCE_MS);
    try {
      const answer = await getAnswer($state.snapshot(this.question), edition, asking.signal);
      if (asking.signal.aborted) return;
      this.answer = answer;
      this.error = null;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
    } finally {
      if (this.#asking === asking) {
        clearTimeout(this.#patience);
        this.busy = this.slow = false;
      }
    }
  }

  async #draw(): Promise<void> {
    this.#drawing?.abort();
    this.reachMissing = false;
    if (!this.showReach || !this.drawsReach || !this.circle?.ready) {
      this.reach = null;
      return;
    }
    const drawing = new AbortController();
    this.#drawing = drawing;
    this.reachBusy = true;
    try {
      const reach = await getPolygon($state.snapshot(this.question), drawing.signal);
      if (drawing.signal.aborted) return;
      this.reach = reach;
      this.reachMissing = reach.features.length === 0;
    } catch (error) {
      if (drawing.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.reach = null;
      this.reachMissing = true;
    } finally {
      if (this.#drawing === drawing) this.reachBusy = false;
    }
  }

  #drawTimer = 0;
  #drawSoon(): void {
    clearTimeout(this.#drawTimer);
    this.#drawTimer = window.setTimeout(() => void this.#draw(), POLYGON_MS);
  }

  setValue(value: number): void {
    this.value = this.#fit(value);
    this.ask();
    if (this.showReach) this.#drawSoon();
  }

  /** Choose how the circle is asked; a limit that was moved stays where the new choice has the same one. */
  setMode(mode: string): void {
    const { limit, value } = this;
    this.mode = mode;
    const same = limit && this.limit && limit.unit === this.limit.unit && limit.value === this.limit.value;
    this.value = this.#fit(same ? value : undefined);
    this.ask(0);
    this.#redraw();
  }

  /** The area reached by another choice is no longer the one that is asked for. */
  #redraw(): void {
    if (!this.drawsReach) this.reach = null;
    if (this.showReach) this.#drawSoon();
  }

  setArea(code: string): void {
    this.areaCode = code;
    this.ask(0);
  }

  setCircle(id: string): void {
    const circle = this.facts?.circles.find((candidate) => candidate.id === id);
    if (!circle) return;
    this.circleId = id;
    this.mode = circle.default_mode;
    this.value = this.#fit(undefined);
    this.answer = this.error = this.reach = null;
    this.ask(0);
    this.#redraw();
  }

  /** Open the plan at a year, or go back to the circle. */
  setPlan(year: number | null): void {
    this.plan = year;
  }

  setReach(shown: boolean): void {
    this.showReach = shown;
    void this.#draw();
  }

  toggleLanguage(): void {
    this.language = this.language === "zh" ? "en" : "zh";
  }

  toggleFlavour(): void {
    this.flavour = this.flavour === "light" ? "dark" : "light";
  }

  /** Where the map looks for an area: all of it, near enough to see its townships; the city opens on its densest part, or whole where villages are counted. */
  aimAt(area: Area | null): Aim | null {
    if (!this.facts) return null;
    const { areas, session } = this.facts;
    if (area && area.level !== "city") return { bounds: area.bbox, point: pointOf(area), least: TOWNSHIPS_ZOOM };
    if (isCounted(this.circle?.demand.unit ?? "1"))
      return { bounds: session.bounds, point: middle(session.bounds), least: 0 };
    return { bounds: session.focus, point: heart(areas, session.focus), least: DOTS_ZOOM };
  }

  /** Keep the address in step, without filling the browser's history. */
  writeAddress(): void {
    clearTimeout(this.#addressTimer);
    const address = formatHash({
      ...(this.plan === null ? {} : { plan: this.plan }),
      ...(this.facts && this.facts.circles.length > 1 ? { circle: this.circleId } : {}),
      area: this.areaCode,
      ...(this.limit ? { [this.limit.unit === "m" ? "metres" : "minutes"]: this.value } : {}),
      mode: this.mode,
      reach: this.showReach,
      lang: this.language,
      theme: this.flavour,
      ...(this.place ? { map: this.place } : {}),
    });
    this.#addressTimer = window.setTimeout(() => history.replaceState(null, "", address), ADDRESS_MS);
  }
}

export const store = new Store();
