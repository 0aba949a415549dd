import { defineConfig } from "vitest/config";

/**
 * unit: pure code and in-process servers, no Docker. engine: a real engine and a real registry, one file at a
 * time, because these machines are small. abra: the real abra on a real engine, by `npm run test:abra` only.
 */
const onEngines = { fileParallelism: false, testTimeout: 300_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { test: { name: "engine", include: ["test/engine/**/*.test.ts"], ...onEngines } },
      { test: { name: "abra", include: ["test/abra/**/*.test.ts"], ...onEngines } },
    ],
  },
});
