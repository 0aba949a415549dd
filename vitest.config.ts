import { defineConfig } from "vitest/config";

/**
 * unit: pure code and in-process servers, no Docker. engine: a real engine and a real registry, one file at a
 * time, because these machines are small. abra: the real abra on a real engine, by `npm run test:abra` only.
 */
const onEngines = {
  fileParallelism: false,
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // After the unit tests, and never beside them.
  sequence: { groupOrder: 1 },
};

export default defineConfig({
  test: {
    projects: [
      // On two cores one worker would be the default; half of a unit test's time is waiting for processes.
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          maxWorkers: "100%",
          sequence: { groupOrder: 0 },
        },
      },
      { test: { name: "engine", include: ["test/engine/**/*.test.ts"], ...onEngines } },
      { test: { name: "abra", include: ["test/abra/**/*.test.ts"], ...onEngines } },
    ],
  },
});
