import { sizeOf, type Instruction, type Kernel, type KernelOpName, type Layout, type LoopKernel, type OpKernel, type Program } from "@multiway/tensor/device";

/** Up to so much, a program is small: 0.1 to 0.2 ms for one thread, which is no more than it takes to hand work to a worker and to hear of its end. */
const mostSmallWork = 2.5e6;

/** A call, and a look at what it is handed. */
const workOfStep = 256;

/** Decided by the program alone, so that the same code runs, and the same bits come out, wherever it runs. */
export function isSmall(program: Program): boolean {
  const work = program.kernels.map(workOf);
  let sum = 0;
  for (const { kernel } of program.steps) {
    sum += workOfStep + work[kernel]!;
    if (sum > mostSmallWork) return false;
  }
  return true;
}

/** About how many additions or multiplications take as long. */
function workOf(kernel: Kernel): number {
  return kernel.kind === "loop" ? workOfLoop(kernel) : workOfOp(kernel);
}

const slow: ReadonlySet<Instruction["op"]> = new Set(["exp", "log", "sin", "cos", "tanh", "erf", "normalCdf", "power", "divide", "remainder", "sqrt"]);
const workOfInstruction = ({ op }: Instruction): number => (op === "constant" ? 0 : slow.has(op) ? 8 : op === "load" ? 2 : 1);
const workOfCode = (body: readonly Instruction[], numStores: number): number => body.reduce((sum, instruction) => sum + workOfInstruction(instruction), 2 * numStores);

function workOfLoop({ extents, reduction, body, stores }: LoopKernel): number {
  const inner = reduction ? sizeOf(reduction.extents) * workOfCode(reduction.body, reduction.results.length) : 0;
  return sizeOf(extents) * (inner + workOfCode(body, stores.length));
}

function workOfOp({ op, inputs, outputs, epilogue }: OpKernel): number {
  const then = epilogue ? sizeOf(outputs[0]!.shape) * workOfCode(epilogue.body, epilogue.stores.length) : 0;
  return then + workOfResults(op as KernelOpName, inputs, outputs);
}

function workOfResults(op: KernelOpName, inputs: readonly Layout[], outputs: readonly Layout[]): number {
  const touched = [...inputs, ...outputs].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  switch (op) {
    case "matmul":
      return 2 * sizeOf(outputs[0]!.shape) * inputs[0]!.shape.at(-1)!;
    case "attention":
    case "attentionBackward": {
      const [batch, queries, heads, headDim] = inputs[0]!.shape as [number, number, number, number];
      // Every other input behind q has keys; a bias has none more than that.
      const keys = inputs.slice(1).reduce((sum, { shape }) => sum + shape[1]!, 0);
      return (op === "attention" ? 2 : 5) * batch * queries * heads * keys * (headDim + 8);
    }
    case "sort":
      return 8 * touched * Math.ceil(Math.log2(2 + inputs[0]!.shape[1]!));
    case "crossEntropy":
    case "crossEntropyBackward":
      return 16 * touched;
    default:
      return 8 * touched;
  }
}
