/** WebGPU of a page or worker. What counts as unsafe there is the browser's setting. */
export async function findGpu(_unsafe = false): Promise<GPU | { unavailable: string }> {
  const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
  return navigator?.gpu ?? { unavailable: "this browser or page has no WebGPU (navigator.gpu is missing; it needs HTTPS or localhost)" };
}
