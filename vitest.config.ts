import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{apps,packages,tools}/*/src/**/*.test.{ts,tsx}", "{scripts,tooling,e2e}/**/*.test.ts"],
          exclude: ["**/*.int.test.ts", "**/node_modules/**", "**/.next/**", "**/dist/**"],
          setupFiles: ["tooling/seed-properties.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "int",
          include: ["{apps,packages,tools}/*/src/**/*.int.test.ts"],
          exclude: ["**/node_modules/**", "**/.next/**", "**/dist/**"],
          setupFiles: ["tooling/seed-properties.ts"],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.e2e.ts"],
          testTimeout: 180_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { concurrent: false },
        },
      },
    ],
  },
});
