import { svelte } from "@sveltejs/vite-plugin-svelte";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

// The API and the page share one origin; in development the API runs beside Vite and is reached through its proxy.
const api = loadEnv("development", ".", "QUANTU_").QUANTU_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [svelte()],
  build: { target: "es2022", chunkSizeWarningLimit: 1200, modulePreload: { polyfill: false } },
  server: { proxy: Object.fromEntries(["/api", "/tiles", "/ready"].map((path) => [path, api])) },
  test: { include: ["test/**/*.test.ts"] },
});
