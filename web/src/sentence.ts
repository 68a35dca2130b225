/** The answer as a sentence, in the demand's own unit. Pure functions. */
import type { Answer, Language, LayerInfo, Mode, Titles } from "./api";
import { count, isCounted, limitText, percent, unit } from "./format";

/** What those have who are covered without travel, by circle, or by circle and choice. */
const HELD: Record<string, Titles> = {
  "village-logistics/served": {
    zh: "有物流网点",
    en: "have a logistics outlet",
  },
  "village-logistics/inside": { zh: "村内有物流网点", en: "have a logistics outlet inside" },
  "township-logistics": { zh: "有物流服务站", en: "have a logistics station" },
  "county-logistics": { zh: "有物流配送中心", en: "have a distribution centre" },
  "regional-elderly-centre": { zh: "建有区域养老服务中心", en: "have a regional elderly-care centre" },
  "new-community-sport/any": { zh: "有体育设施", en: "have sports facilities" },
  "new-community-sport/norm": { zh: "体育设施达到人均指标", en: "have as much sports area a person as the norm asks" },
  "commerce/county": { zh: "有县级以上商业", en: "have commerce of county level or above" },
  "commerce/township": { zh: "有乡镇级以上商业", en: "have commerce of township level or above" },
  "commerce/village": { zh: "有村级商业", en: "have a village shop" },
  "rescue/linked": { zh: "已与救治中心联网", en: "are linked to a rescue centre" },
  rescue: { zh: "五类救治中心齐备", en: "have all five kinds of rescue centre" },
};

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
const comma = (language: Language) => (language === "zh" ? "，" : ", ");

/** What is reached: the kinds where they are few (their names are Chinese), else the layer; "" where there are several. */
function target(choice: Mode, layers: readonly Pick<LayerInfo, "id" | "title">[], language: Language): string {
  const ids = [...new Set(choice.facilities.map(({ layer }) => layer))];
  const kinds = [...new Set(choice.facilities.flatMap((each) => each.kinds))];
  if (language === "zh" && kinds.length > 0 && kinds.length <= 2) return kinds.join("或");
  const title = ids.length === 1 ? layers.find(({ id }) => id === ids[0])?.title[language] : undefined;
  return language === "en" ? lower(title ?? "") : (title ?? "");
}

export interface Asked {
  circle: { id: string; modes: readonly Mode[] };
  choice: Mode;
  value: number;
  layers: readonly Pick<LayerInfo, "id" | "title">[];
}

/** What is said of those who are covered: "在 15 分钟内到达体育场地", "有物流网点". */
export function predicate({ circle, choice, value, layers }: Asked, unitName: string, language: Language): string {
  const zh = language === "zh";
  const { limit } = choice;
  const title = choice[language];
  if (!limit) {
    const held = HELD[`${circle.id}/${choice.id}`] ?? HELD[circle.id];
    return held?.[language] ?? (zh ? `达到“${title}”` : `meet “${title}”`);
  }
  const within = limitText(value, limit.unit, language);
  if (choice.facilities.length > 1) {
    return zh ? `在 ${within}内各项服务齐全` : `have every service within ${within}`;
  }
  const what = target(choice, layers, language);
  if (zh) return `在 ${within}内到达${what}`;
  return `${unitName === "m2" ? "is" : "are"} within ${within}${what ? ` of ${what}` : ""}`;
}

/** What follows the percentage: "的居民在 15 分钟内到达体育场地". */
export function lead(asked: Asked, demand: Answer["demand"], language: Language): string {
  const said = predicate(asked, demand.unit, language);
  const noun = demand.title[language];
  return language === "zh" ? `的${noun}${said}` : `of ${lower(noun)} ${said}`;
}

/** The whole answer: "731 个行政村中 642 个（87.8 %）有物流网点". */
export function sentence(asked: Asked, demand: Answer["demand"], language: Language): string {
  const said = predicate(asked, demand.unit, language);
  const noun = demand.title[language];
  const [total, covered, rate] = [count(demand.total), count(demand.covered), percent(demand.rate)];
  const word = unit(demand.unit, language);
  if (language === "en") {
    const what = isCounted(demand.unit) ? lower(noun) : demand.unit === "m2" ? `m² of ${lower(noun)}` : lower(noun);
    return `${covered} of ${total} ${what} (${rate} %) ${said}`;
  }
  const whole = isCounted(demand.unit) ? `${total} ${word}${noun}` : `${noun} ${total} ${word}`;
  return `${whole}中 ${covered} ${word}（${rate} %）${said}`.replace(/ +/g, " ");
}

/** How the circle's own question is asked: "15 分钟，步行或骑行". */
export function ownQuestion(circle: { modes: readonly Mode[] }, language: Language): string {
  const [own] = circle.modes;
  if (!own) return "";
  const limit = own.limit ? limitText(own.limit.value, own.limit.unit, language) + comma(language) : "";
  return circle.modes.length > 1 || !limit ? limit + own[language] : limit.slice(0, -comma(language).length);
}
