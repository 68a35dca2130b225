import { expect, it } from "vitest";
import manifest from "../package.json";
import lock from "../package-lock.json";

it("locks every package by its hash and names no address", () => {
  expect(JSON.stringify(lock)).not.toMatch(/https?:/);
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path) expect(entry, path).toHaveProperty("integrity");
  }
});

it("pins exact versions", () => {
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies }))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});
