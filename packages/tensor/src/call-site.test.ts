import { expect, test } from "vitest";
import { siteIn } from "./call-site.ts";

test.each([
  ["V8, source", "Error\n    at callSite (/repo/packages/tensor/src/call-site.ts:15:33)\n    at Tensor.log (/repo/packages/tensor/src/tensor.ts:9:1)\n    at Net.forward (file:///repo/app/net.ts:12:7)", "/repo/app/net.ts:12:7 (Net.forward)"],
  ["V8, installed", "Error\n    at x (/app/node_modules/@multiway/tensor/dist/index.js:1:2)\n    at /app/main.js:3:4", "/app/main.js:3:4"],
  ["V8, asynchronous", "Error\n    at x (/app/node_modules/@multiway/tensor/dist/index.js:1:2)\n    at async main (/app/main.js:3:4)", "/app/main.js:3:4 (main)"],
  ["V8, a page", "Error\n    at x (http://localhost/node_modules/@multiway/tensor/dist/index.js:1:2)\n    at run (http://localhost/src/page.ts:8:20)", "http://localhost/src/page.ts:8:20 (run)"],
  ["Firefox", "\nx@http://localhost/node_modules/@multiway/tensor/dist/index.js:1:2\nrun@http://localhost/src/page.ts:8:20", "http://localhost/src/page.ts:8:20 (run)"],
  ["Windows", "Error\n    at x (C:\\app\\node_modules\\@multiway\\tensor\\dist\\index.js:1:2)\n    at run (C:\\app\\main.js:5:6)", "C:\\app\\main.js:5:6 (run)"],
  ["nothing but the package and Node", "Error\n    at x (/app/node_modules/@multiway/tensor/dist/index.js:1:2)\n    at node:internal/process/task_queues:95:5", undefined],
])("the first line outside: %s", (_, stack, expected) => {
  expect(siteIn(stack)).toBe(expected);
});
