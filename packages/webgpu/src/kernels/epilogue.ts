import type { OpKernel } from "@multiway/tensor/device";
import type { View } from "../wgsl/stage.ts";

/** An op's epilogue as the WGSL function `finish`. */
export interface EpilogueText {
  declarations: string;
  /** Of all buffers that it uses but the op's own result. */
  views: readonly View[];
  /** Whether the op's result is also stored as it is: the epilogue does not take its place. */
  keepsResult: boolean;
  /** Takes four neighbours along the last axis at once, as a vec4. */
  isWide: boolean;
  /** @param indices of the element, or of the first of four, as i32  @param own the op's result there */
  call(indices: readonly string[], own: string): string;
}

/** @param mayBeWide whether the kernel has results by fours, aligned */
export async function epilogueText(kernel: OpKernel, mayBeWide: boolean): Promise<EpilogueText | undefined> {
  // It takes the generator of loops, which a plain product has no use for.
  return kernel.epilogue && (await import("./write-epilogue.ts")).writeEpilogue(kernel, kernel.epilogue, mayBeWide);
}
