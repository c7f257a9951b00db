import { OptionError } from "@multiway/errors";
import { tileNames, type TileName } from "../kernels/matmul-tiles.ts";
import { abilitiesOf, describeAbilities, featuresFor } from "./abilities.ts";
import { WebGPUBackend, type OpenedDevice } from "./backend.ts";
import { GpuProgram } from "./program.ts";

export interface WebGPUOptions {
  /** Take a software adapter (SwiftShader, llvmpipe) too: slower than the wasm device, for tests. Default false. */
  allowSoftware?: boolean;
  /** Which GPU of a machine with two; default "high-performance". */
  powerPreference?: "low-power" | "high-performance";
  /** Where adapters come from; default `navigator.gpu`, in Node the package `webgpu`. */
  gpu?: GPU;
  /** "default" asks for no more than every WebGPU device has, as a test of what runs everywhere. Default "adapter". */
  limits?: "adapter" | "default";
  /** Treat bindings as no larger than this, as a test of split tables. Default: the device's limit. */
  maxBindingBytes?: number;
  /** Join sums within subgroups, where the adapter has them. Default true. */
  subgroups?: boolean;
  /**
   * "f16" computes products that have an f16 operand in half, where the adapter has `shader-f16`: quicker on many GPUs, and the other operand is rounded to
   * half, so that magnitudes beyond 65504 become infinite. Default "f32": halves are unpacked and nothing is lost.
   */
  arithmetic?: "f32" | "f16";
  /**
   * Use the matrix units of a GPU through Dawn's experimental subgroup matrices, where they are offered: for products of f32 where the units take f32, and of f16
   * with `arithmetic: "f16"`. In Node this loads Dawn with its unsafe interfaces. Default false.
   */
  subgroupMatrix?: boolean;
  /** One tile for all products large enough for tiles, instead of one by shape or measurement. */
  tile?: TileName;
  /**
   * Measure which tile is quickest for a class of large products, when it first comes up: some tenths of a second each, two seconds for a program. Results
   * stay in the user's cache folder, in pages in Cache Storage. Software adapters measure only with "force". Default true.
   */
  autotune?: boolean | "force";
}

export async function openWebGPU(options: WebGPUOptions, gpu: GPU): Promise<WebGPUBackend | { unavailable: string }> {
  const adapter = await gpu.requestAdapter({ powerPreference: options.powerPreference ?? "high-performance" });
  if (!adapter) return { unavailable: "WebGPU is here, but it finds no adapter: no GPU, or its driver is missing or refused" };
  const { info } = adapter;
  const name = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") || "unknown adapter";
  if (!options.allowSoftware && isSoftware(adapter)) {
    return { unavailable: `the only adapter is software (${name}), slower than the wasm device; webgpu({ allowSoftware: true }) takes it` };
  }
  if (options.tile !== undefined && !tileNames.includes(options.tile)) throw new OptionError(`webgpu: tile is "${options.tile}"; it must be one of ${tileNames.join(", ")}.`);
  const features = featuresFor(options, adapter);
  const device = await adapter.requestDevice({ label: "multiway", requiredFeatures: features as GPUFeatureName[], requiredLimits: options.limits === "default" ? {} : wantedLimits(adapter.limits) });
  const { limits } = device;
  const maxBindingBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, options.maxBindingBytes ?? Infinity);
  if (!(maxBindingBytes >= 256)) throw new OptionError(`webgpu: maxBindingBytes is ${options.maxBindingBytes}; it must be at least 256.`);
  const abilities = await abilitiesOf(features, adapter.info, device);
  const { tile, arithmetic = "f32", autotune = true } = options;
  const isTuned = !tile && (autotune === "force" || (autotune && !isSoftware(adapter)));
  const tunerOf = isTuned ? await tuning(name) : undefined;
  return new WebGPUBackend({
    gpu,
    device,
    description: `${name}; ${describeAbilities(features, abilities)}; ${tile ? `tiles of ${tile}; ` : isTuned ? "tiles by measurement; " : ""}bindings up to ${Math.floor(maxBindingBytes / 1048576)} MiB`,
    limits: {
      maxBindingBytes,
      maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
      maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
      maxWorkgroupSize: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      abilities,
      arithmetic,
      ...(tile && { tileOf: () => tile }),
    },
    offsetAlignment: limits.minStorageBufferOffsetAlignment,
    maxBufferBytes: limits.maxBufferSize,
    ...(tunerOf && { tunerOf }),
  });
}

/** Measuring is loaded where it is done. */
async function tuning(adapter: string): Promise<NonNullable<OpenedDevice["tunerOf"]>> {
  const [{ Tuner }, { tileStore }, { tileFile }] = await Promise.all([import("./tuner.ts"), import("./tile-store.ts"), import("#tile-file")]);
  const store = tileStore(tileFile(), adapter);
  const known = await store.load();
  return (host, readback) => new Tuner(host, store, known, readback, GpuProgram);
}

/** As much as the adapter allows, of what kernels make use of. */
function wantedLimits(limits: GPUSupportedLimits): Record<string, number> {
  return {
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    // 10 is what adapters of the second tier have; more would fit few kernels, and make fingerprints of others.
    maxStorageBuffersPerShaderStage: Math.min(limits.maxStorageBuffersPerShaderStage, 10),
    maxComputeWorkgroupStorageSize: Math.min(limits.maxComputeWorkgroupStorageSize, 32768),
  };
}

function isSoftware(adapter: GPUAdapter): boolean {
  const { info } = adapter;
  if (info.isFallbackAdapter || (adapter as { isFallbackAdapter?: boolean }).isFallbackAdapter) return true;
  return /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b|software/i.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`);
}
