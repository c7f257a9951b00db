/** WebGPU of a page or worker. */
export async function findGpu(): Promise<GPU | { unavailable: string }> {
  const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
  return navigator?.gpu ?? { unavailable: "this browser or page has no WebGPU (navigator.gpu is missing; it needs HTTPS or localhost)" };
}
