/** Circles as the server tells of them, one of each kind, for the tests. */
import type { Limit, Mode } from "../src/api";

const minutes: Limit = { value: 15, unit: "min", min: 1, max: 60, seconds_per_unit: 60 };
const metres = (value: number, max: number): Limit => ({
  value,
  unit: "m",
  min: 100,
  max,
  seconds_per_unit: 1 / (4 / 3.6),
});

const mode = (id: string, zh: string, en: string, rest: Partial<Mode> = {}): Mode => ({
  id,
  zh,
  en,
  limit: null,
  travel: [],
  same_demand: true,
  facilities: [{ layer: "facilities.sports", kinds: [] }],
  ...rest,
});

/** Travel by time. */
export const FITNESS: readonly Mode[] = [
  mode("either", "步行或骑行", "walk or cycle", { limit: minutes, travel: ["walk", "cycle"] }),
  mode("walk", "步行", "walk", { limit: minutes, travel: ["walk"] }),
  mode("cycle", "骑行", "cycle", { limit: minutes, travel: ["cycle"] }),
];

const outlets = [{ layer: "facilities.elderly", kinds: ["网点"] }];
/** Membership, with travel beside it. */
export const VILLAGES: readonly Mode[] = [
  mode("served", "村内有网点或被服务", "inside or served", { facilities: outlets }),
  mode("inside", "仅村内有网点", "inside alone", { facilities: outlets }),
  mode("near", "沿街距离内", "near along streets", {
    limit: metres(2000, 10_000),
    travel: ["walk"],
    facilities: outlets,
  }),
  mode("drive", "驾车时间内", "near by car", {
    limit: minutes,
    travel: ["car"],
    facilities: [{ layer: "facilities.elderly", kinds: [] }],
  }),
];

const services = ["初中", "小学"].map((kind) => ({ layer: "facilities.education", kinds: [kind] }));
/** A composite, by length. */
export const LIVING: readonly Mode[] = [
  mode("all", "全部基本服务", "every basic service", { limit: metres(1000, 3000), facilities: services }),
  mode("own", "仅本级服务", "services of this level alone", { limit: metres(1000, 3000), facilities: services }),
  mode("market", "菜市场", "a market", { limit: metres(500, 3000), travel: ["walk"] }),
];
