import { playwright } from "@vitest/browser-playwright";
import { type ViteUserConfig, defineConfig } from "vitest/config";
import { CHROMIUM } from "./chromium.ts";

/** A package's suite in headless Chromium, from its sources; `#platform` is the web's. */
const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ["@rt/source", "module", "browser", "development|production"] },
  // What is found only while tests run makes the server reload the page under them.
  optimizeDeps: { include: ["fast-check", "@sinonjs/fake-timers"] },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/*.node.test.ts"],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: CHROMIUM,
          args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
          ],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
    reporters: ["default", "json"],
    outputFile: { json: ".reports/browser.json" },
  },
});
export default config;
