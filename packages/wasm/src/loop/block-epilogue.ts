import { epilogueLoop, type Epilogue, type OpKernel } from "@multiway/tensor/device";
import type { Code, Local } from "../assembler/index.ts";
import { plainNest } from "./nest.ts";
import { emitOnBlock, type MatrixBlock } from "./pointwise.ts";

/** The epilogue of a product as code for one of its blocks. */
export interface BlockEpilogue {
  /** Says everything that shapes the code. */
  readonly key: string;
  /** @param bases addresses of the kernel's buffers */
  emit(code: Code, bases: readonly Local<"i32">[], block: MatrixBlock): void;
}

/** A pointwise nest over [...batch, m, n]. */
export function blockEpilogue(kernel: OpKernel, epilogue: Epilogue): BlockEpilogue {
  const nest = plainNest(epilogueLoop(kernel, epilogue));
  return { key: JSON.stringify(nest), emit: (code, bases, block) => emitOnBlock(code, nest, bases, block) };
}
