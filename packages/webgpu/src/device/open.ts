import { OptionError } from "@multiway/errors";
import { WebGPUBackend } from "./backend.ts";

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
}

const wantedFeatures = ["timestamp-query", "shader-f16", "subgroups"] as const;

export async function openWebGPU(options: WebGPUOptions, gpu: GPU): Promise<WebGPUBackend | { unavailable: string }> {
  const adapter = await gpu.requestAdapter({ powerPreference: options.powerPreference ?? "high-performance" });
  if (!adapter) return { unavailable: "WebGPU is here, but it finds no adapter: no GPU, or its driver is missing or refused" };
  const { info } = adapter;
  const name = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") || "unknown adapter";
  if (!options.allowSoftware && isSoftware(adapter)) {
    return { unavailable: `the only adapter is software (${name}), slower than the wasm device; webgpu({ allowSoftware: true }) takes it` };
  }
  const features = options.limits === "default" ? [] : wantedFeatures.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ label: "multiway", requiredFeatures: features, requiredLimits: options.limits === "default" ? {} : wantedLimits(adapter.limits) });
  const { limits } = device;
  const maxBindingBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, options.maxBindingBytes ?? Infinity);
  if (!(maxBindingBytes >= 256)) throw new OptionError(`webgpu: maxBindingBytes is ${options.maxBindingBytes}; it must be at least 256.`);
  return new WebGPUBackend({
    gpu,
    device,
    description: `${name}; ${features.length > 0 ? features.join(", ") : "no optional features"}; bindings up to ${Math.floor(maxBindingBytes / 1048576)} MiB`,
    limits: {
      maxBindingBytes,
      maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
      maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
      maxWorkgroupSize: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    },
    offsetAlignment: limits.minStorageBufferOffsetAlignment,
    maxBufferBytes: limits.maxBufferSize,
  });
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
