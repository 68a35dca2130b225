/** The words of the plan's page, in both languages. The plan's own words come from the server, in Chinese. */
import type { Language } from "./api";
import type { Grade } from "./plan";

const zh = {
  title: "三年行动计划考核",
  year: "年度",
  grades: {
    excellent: "优秀",
    good: "良好",
    poor: "较差",
    unreported: "未报",
    not_due: "未到期",
    not_graded: "不评",
  } as Record<Grade, string>,
  all: "全部",
  target: "目标",
  value: "完成",
  computed: "按图计算",
  reported: "部门上报",
  difference: "两者相差",
  quote: "计划原文",
  definition: "算法",
  lead: "牵头单位",
  why: "未计算",
  missing: (needed: string, unit: string) => `距目标还差 ${needed} ${unit}`,
  candidates: (n: string) => `可补的有 ${n} 处`,
  counts: (a: string, b: string) => `${a}／${b}`,
  byCounty: "分区县",
  path: "三年",
  onMap: (title: string) => `在地图上看：${title}`,
  state: (day: string) => `截至 ${day}`,
  loading: "正在考核…",
  failed: "没有取到考核结果",
  none: "这一档没有指标。",
};

export type PlanWords = typeof zh;

const en: PlanWords = {
  title: "The three-year plan, graded",
  year: "Year",
  grades: {
    excellent: "excellent",
    good: "good",
    poor: "poor",
    unreported: "not reported",
    not_due: "not due",
    not_graded: "no target",
  },
  all: "all",
  target: "target",
  value: "value",
  computed: "From the map",
  reported: "Reported",
  difference: "Difference",
  quote: "The plan says",
  definition: "Counted as",
  lead: "Lead",
  why: "Not computed",
  missing: (needed, unit) => `${needed} ${unit} short of the target`,
  candidates: (n) => `${n} could be added`,
  counts: (a, b) => `${a} of ${b}`,
  byCounty: "By county",
  path: "Three years",
  onMap: (title) => `On the map: ${title}`,
  state: (day) => `as of ${day}`,
  loading: "Grading…",
  failed: "The assessment could not be had",
  none: "No indicator has this grade.",
};

export const PLAN_WORDS: Record<Language, PlanWords> = { zh, en };
