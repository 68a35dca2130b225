import { expect, it } from "vitest";
import { WORDS } from "../src/text";

function strings(words: object): [string, string][] {
  return Object.entries(words).flatMap(([key, value]): [string, string][] => {
    if (typeof value === "object" && value !== null) return strings(value);
    return [[key, typeof value === "function" ? String(value("x", "y", "z")) : String(value)]];
  });
}

it("leaves no word empty in either language", () => {
  for (const words of Object.values(WORDS))
    for (const [key, text] of strings(words)) expect(text.trim(), key).not.toBe("");
});

it("writes English without Chinese, but for the switch back", () => {
  for (const [key, text] of strings(WORDS.en)) if (key !== "language") expect(text, key).not.toMatch(/\p{Script=Han}/u);
});
