import { key } from "@multiway/random";
import { compile, tensorsOf, type Device, type Tensor } from "@multiway/tensor";
import { AdamW, clipByGlobalNorm, layerDecay, type AdamWOptions, type AdamWState } from "./index.ts";

export type Weights = Record<string, Tensor>;

/** 12 shapes: matrices and vectors, odd lengths, single elements, nothing, and one that fills several workgroups. */
const shapes: readonly (readonly number[])[] = [[16, 8], [8], [8, 16], [16], [3, 7, 5], [37], [], [0, 4], [1, 1], [120, 100], [1], [2, 3]];

/** 40 parameters of a made-up model, and one of half floats. */
export const sizes: Readonly<Record<string, readonly number[]>> = Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`p${index}`, shapes[index % shapes.length]!]));
const halves = "p40";

export const numbersOf = (seed: number, name: string): Float32Array => key(seed).fold(Number(name.slice(1))).normal(sizes[name]!.reduce((product, extent) => product * extent, 1));

export const tensorOf = (device: Device, seed: number, name: string): Tensor => device.tensor(numbersOf(seed, name), { shape: sizes[name]!, dtype: name === halves ? "f16" : "f32" });

/** What differs from parameter to parameter: no decay for vectors, and a learning rate of its own for each tenth of them. */
export const groups = {
  "weight decay on matrices": { weightDecay: 0.05 },
  "learning rates of layers": { groupOf: layerDecay({ decay: 0.75, numLayers: 3, layerOf: (name) => Number(name.slice(1)) % 5 }), weightDecay: 0 },
} satisfies Record<string, AdamWOptions>;

/** Updates with clipping, over parameters, moments and gradients that live on a device. */
export class Updates {
  readonly #device: Device;
  readonly #step: (model: Weights, state: AdamWState, gradients: Weights, rate: number) => { model: Weights; state: AdamWState; norm: Tensor };
  model: Weights;
  state: AdamWState;
  norm: Tensor | undefined;

  constructor(device: Device, options: AdamWOptions) {
    this.#device = device;
    const adamw = new AdamW(options);
    this.#step = compile(
      (model: Weights, state: AdamWState, gradients: Weights, learningRate: Tensor) => {
        const { gradients: clipped, norm } = clipByGlobalNorm(gradients, 1);
        return { norm, ...adamw.update(model, clipped, state, { learningRate }) };
      },
      { name: "update", donate: [0, 1] },
    );
    this.model = Object.fromEntries(Object.keys(sizes).map((name) => [name, tensorOf(device, 1, name)]));
    this.state = adamw.init(this.model, device);
  }

  /** One update, by gradients of its own. */
  run(round: number): void {
    const gradients = Object.fromEntries(Object.keys(this.model).map((name) => [name, tensorOf(this.#device, 2 + round, name)]));
    this.norm?.dispose();
    ({ model: this.model, state: this.state, norm: this.norm } = this.#step(this.model, this.state, gradients, 0.01));
    for (const { tensor } of tensorsOf(gradients)) tensor.dispose();
  }

  /** Puts fresh tensors in the place of some, as loading a checkpoint does. */
  replace(names: readonly string[]): void {
    for (const name of names) {
      this.model[name]!.dispose();
      this.model = { ...this.model, [name]: tensorOf(this.#device, 99, name) };
    }
  }

  /** Goes on with fewer parameters. */
  drop(names: readonly string[]): void {
    for (const name of names) {
      for (const tree of [this.model, this.state.firstMoment, this.state.secondMoment]) {
        tree[name]!.dispose();
        delete tree[name];
      }
    }
  }

  /** All parameters and moments, and the norm of the last gradients, behind one another. */
  async read(): Promise<Float32Array> {
    const parts: ArrayLike<number>[] = [];
    for (const { tensor } of tensorsOf([this.model, this.state, this.norm])) parts.push((await tensor.data()) as unknown as ArrayLike<number>);
    return Float32Array.from(parts.flatMap((part) => Array.from(part)));
  }
}

/** Training with everything that happens to it: two updates, tensors replaced, tensors dropped, two updates more. */
export async function trainThrough(device: Device, options: AdamWOptions): Promise<Float32Array[]> {
  const updates = new Updates(device, options);
  const found: Float32Array[] = [];
  let round = 0;
  const go = async (): Promise<void> => {
    updates.run(round++);
    updates.run(round++);
    found.push(await updates.read());
  };
  await go();
  updates.replace(["p0", "p5", "p9", "p21"]);
  await go();
  updates.drop(["p3", "p6", "p33"]);
  await go();
  return found;
}
