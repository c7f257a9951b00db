import { TestRunner, type RunnerTask, type RunnerTestCase, type RunnerTestFile } from "vitest";
import { create } from "webgpu";

/**
 * Runs the files of the `webgpu` project: all their tests need an adapter.
 *
 * Without one, every test is skipped, counted and gives its reason, so that a machine without a GPU can still run the
 * rest; under CI the run fails instead. No hook of a skipped file runs: devices are to be opened in `beforeAll` or later.
 */
export default class WebgpuRunner extends TestRunner {
  /** Held to the end: Dawn does not survive its GPU object being collected while it is at work. */
  readonly gpu = create([]);
  private hasAdapter = false;

  async onCollected(files: RunnerTestFile[]): Promise<void> {
    this.hasAdapter = (await this.gpu.requestAdapter()) !== null;
    if (this.hasAdapter) return;
    if (process.env["CI"]) {
      throw new Error(
        "webgpu tests: no adapter was found, and CI is set. Run them through `pnpm test:webgpu`, which brings SwiftShader on Linux x64; elsewhere install a GPU driver.",
      );
    }
    for (const file of files) removeHooks(file);
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    if (!this.hasAdapter) test.context.skip("no WebGPU adapter; run through `pnpm test:webgpu`");
    await TestRunner.getTestFn(test)();
  }
}

function removeHooks(task: RunnerTask): void {
  if (task.type !== "suite") return;
  for (const hooks of Object.values(TestRunner.getSuiteHooks(task))) hooks.length = 0;
  task.tasks.forEach(removeHooks);
}
