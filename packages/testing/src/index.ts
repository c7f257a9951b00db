export { chromium, hasSoftware, swiftshaderEnvironment, type Chromium } from "./software.ts";
