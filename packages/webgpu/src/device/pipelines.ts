import { KernelError, type MultiwayError } from "@multiway/errors";
import { stageCompute } from "./constants.ts";

/** A compute pipeline on its way. `pipeline` is set once it is there, `error` if it can't be. */
export interface Pipeline {
  readonly label: string;
  readonly wgsl: string;
  readonly layout: GPUBindGroupLayout;
  pipeline?: GPUComputePipeline;
  error?: MultiwayError;
  /** Resolves, never rejects, when one of the two is set. */
  readonly ready: Promise<void>;
}

/** Compiles WGSL, in the background and once per text. */
export class Pipelines {
  private readonly cache = new Map<string, Pipeline>();
  private readonly layouts: { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }[] = [];

  constructor(
    private readonly device: GPUDevice,
    private readonly onCompile: () => void,
  ) {}

  get(label: string, wgsl: string, numBindings: number): Pipeline {
    // The first line is a comment with the kernel's label; kernels that do the same under two labels are one pipeline.
    const key = wgsl.slice(wgsl.indexOf("\n"));
    const known = this.cache.get(key);
    if (known) return known;
    this.onCompile();
    const { group, pipeline: layout } = this.layout(numBindings);
    // Its message comes again, with line and column, from getCompilationInfo.
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ label, code: wgsl });
    void this.device.popErrorScope().catch(() => undefined);
    const compiling = this.device.createComputePipelineAsync({ label, layout, compute: { module, entryPoint: "main" } });
    const entry: Pipeline = {
      label,
      wgsl,
      layout: group,
      ready: compiling.then(
        (pipeline) => void (entry.pipeline = pipeline),
        async (cause: unknown) => void (entry.error = await compileError(label, wgsl, module, cause)),
      ),
    };
    this.cache.set(key, entry);
    return entry;
  }

  /** All bindings are writable storage, so that kernels with as many bindings share a layout. */
  private layout(numBindings: number): { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout } {
    const known = this.layouts[numBindings];
    if (known) return known;
    const entries = Array.from({ length: numBindings }, (_, binding) => ({ binding, visibility: stageCompute, buffer: { type: "storage" as const } }));
    const group = this.device.createBindGroupLayout({ entries });
    return (this.layouts[numBindings] = { group, pipeline: this.device.createPipelineLayout({ bindGroupLayouts: [group] }) });
  }
}

async function compileError(label: string, wgsl: string, module: GPUShaderModule, cause: unknown): Promise<KernelError> {
  const plain = { reason: cause instanceof Error ? cause.message : String(cause), details: { label, source: wgsl } };
  const { reason, details } = await import("./compile-messages.ts").then(({ compileMessages }) => compileMessages(module, plain)).catch(() => plain);
  return new KernelError(`webgpu: kernel "${label}" was refused by the compiler: ${reason}`, { cause, details });
}
