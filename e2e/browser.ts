import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { root } from "./process.ts";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Why there is no browser here; null where there is one. */
export function whyNoBrowser(): string | null {
  return BROWSERS.some(existsSync) ? null : "No Chromium here: install the package chromium.";
}

/**
 * A person at the portal: counts what they do (a click, a filled field, a choice), looks at every page with axe in
 * light and dark, and keeps what the console complains about.
 */
export class Person {
  readonly page: Page;
  readonly complaints: string[] = [];
  interactions = 0;
  readonly #context: BrowserContext;
  readonly #profile: string;
  readonly #pictures: string;

  private constructor(context: BrowserContext, page: Page, profile: string, pictures: string) {
    this.#context = context;
    this.page = page;
    this.#profile = profile;
    this.#pictures = pictures;
  }

  static async atTheDoor(portal: string): Promise<Person> {
    const profile = mkdtempSync(path.join(tmpdir(), "rollcall-browser-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: BROWSERS.find(existsSync),
      headless: true,
      viewport: { width: 1440, height: 900 },
      acceptDownloads: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: portal });
    const page = context.pages()[0] ?? (await context.newPage());
    const pictures = path.join(root, "test-results", "pictures");
    mkdirSync(pictures, { recursive: true });
    const person = new Person(context, page, profile, pictures);
    page.on("console", (message) => {
      if (message.type() === "error") person.complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => person.complaints.push(`${page.url()}: ${error.message}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(portal) && !url.startsWith("data:") && !url.startsWith("blob:"))
        person.complaints.push(`asked outside: ${url}`);
    });
    await page.goto(portal);
    return person;
  }

  async click(what: Locator): Promise<void> {
    this.interactions++;
    await what.click();
  }

  async fill(what: Locator, text: string): Promise<void> {
    this.interactions++;
    await what.fill(text);
  }

  async choose(what: Locator, value: string): Promise<void> {
    this.interactions++;
    await what.selectOption(value);
  }

  /** Pictures in light and dark, and axe on both. Gives the violations, with where they are. */
  async lookAround(name: string, options: { narrow?: boolean } = {}): Promise<string[]> {
    const found: string[] = [];
    for (const theme of ["light", "dark"] as const) {
      await this.page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await this.page.evaluate(`document.documentElement.setAttribute("data-theme", "${theme}")`);
      await this.page.screenshot({ path: path.join(this.#pictures, `${name}-${theme}.png`) });
      const { violations } = await new AxeBuilder({ page: this.page })
        .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
        .analyze();
      for (const violation of violations)
        found.push(
          `${name} (${theme}) ${violation.id}: ${violation.nodes
            .map((node) => node.target.join(" "))
            .join(" | ")
            .slice(0, 300)}`,
        );
    }
    if (options.narrow) {
      const before = this.page.viewportSize();
      await this.page.setViewportSize({ width: 390, height: 844 });
      await this.page.screenshot({ path: path.join(this.#pictures, `${name}-narrow.png`) });
      const overflow = await this.page.evaluate<number>(
        "document.documentElement.scrollWidth - window.innerWidth",
      );
      if (overflow > 1) found.push(`${name} (narrow): ${overflow} px wider than the screen`);
      if (before) await this.page.setViewportSize(before);
    }
    return found;
  }

  async leave(): Promise<void> {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
