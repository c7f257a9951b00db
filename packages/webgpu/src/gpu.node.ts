const instances = new Map<boolean, Promise<GPU | { unavailable: string }>>();

/**
 * WebGPU of the runtime itself where it has one (Deno), else of the optional package `webgpu`.
 *
 * @param unsafe  with what Dawn holds to be unsafe, which its experimental features count among
 */
export function findGpu(unsafe = false): Promise<GPU | { unavailable: string }> {
  const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
  if (navigator?.gpu) return Promise.resolve(navigator.gpu);
  // Kept for the process: Dawn lives as long as this object, and a second instance would start a second set of threads.
  let instance = instances.get(unsafe);
  if (!instance) instances.set(unsafe, (instance = loadDawn(unsafe)));
  return instance;
}

async function loadDawn(unsafe: boolean): Promise<GPU | { unavailable: string }> {
  try {
    const { create } = await import("webgpu");
    // Zeroing workgroup memory costs each launch a barrier, and SwiftShader's compiler seconds for each kernel; no kernel of ours reads it before writing.
    return create([`enable-dawn-features=disable_workgroup_init${unsafe ? ",allow_unsafe_apis" : ""}`]);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { unavailable: `Node reaches GPUs through the package "webgpu", which could not be loaded (${reason}); npm install webgpu` };
  }
}
