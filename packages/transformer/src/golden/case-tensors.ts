import type { StoredTensor } from "@multiway/checkpoint";
import { DataError } from "@multiway/errors";
import type { Module } from "@multiway/nn";
import { concat, type Device, type Tensor } from "@multiway/tensor";
import { nameOfOfficial } from "../checkpoint-names.ts";
import { mapModalities, type ByModality } from "../experts.ts";
import type { GoldenRun } from "./manifest.ts";

/** The tensors of a case, on the device that it runs on. */
export class CaseTensors {
  readonly device: Device;
  readonly #stored: ReadonlyMap<string, StoredTensor>;

  constructor(stored: ReadonlyMap<string, StoredTensor>, device: Device) {
    this.#stored = stored;
    this.device = device;
  }

  /** A tensor by its full name. */
  tensor(name: string): Tensor {
    const stored = this.stored(name);
    return this.device.tensor(stored.toHost(), { shape: stored.shape, dtype: stored.dtype });
  }
  stored(name: string): StoredTensor {
    const stored = this.#stored.get(name);
    if (!stored) throw new DataError(`runTransformerCase: no file of the case holds "${name}".`, { details: { name } });
    return stored;
  }
  has(name: string): boolean {
    return this.#stored.has(name);
  }

  /** An input of a run by its role; undefined where the run has none. */
  input(run: GoldenRun, role: string): Tensor | undefined {
    return run.inputs[role] === undefined ? undefined : this.tensor(run.inputs[role]);
  }
  /** An input that the op cannot do without. */
  needed(run: GoldenRun, role: string): Tensor {
    const tensor = this.input(run, role);
    if (!tensor) throw new DataError(`runTransformerCase: run "${run.name}" has no input "${role}".`, { details: { run: run.name, role } });
    return tensor;
  }
  /** A mask: true where it is not 0. */
  mask(run: GoldenRun, role: string): Tensor | undefined {
    return this.input(run, role)?.cast("bool");
  }

  /**
   * Puts the case's weights into a module, strictly. Their names are those of a whole model without its beginning, which is given in both
   * spellings.
   */
  load<M extends Module>(module: M, official: string, ours: string): M {
    const state: Record<string, Tensor> = {};
    for (const name of this.#stored.keys()) {
      if (!name.startsWith("weights/")) continue;
      const whole = official + name.slice("weights/".length);
      // An unknown name is reported by the strict loading, as itself.
      state[nameOfOfficial(whole)?.slice(ours.length) ?? whole] = this.tensor(name);
    }
    module.loadStateDict(state);
    return module;
  }
}

/** Splits a joined sequence, [batch, length, …], as the official modules do: −1 leaves all to vision, 0 all to language; at its end, language is empty. */
export function splitTokens(x: Tensor, position: number): ByModality<Tensor> {
  if (position === -1) return { vision: x };
  if (position === 0) return { language: x };
  return { vision: x.narrow(1, 0, position), language: x.narrow(1, position, x.shape[1]! - position) };
}

/** The sequence as one again, vision first. */
export function joinTokens(tokens: ByModality<Tensor>, axis = 1): Tensor {
  return concat([tokens.vision, tokens.language].filter((part) => part !== undefined), axis);
}

/** Each modality's part through what it is given. */
export const through = (tokens: ByModality<Tensor>, apply: (x: Tensor, modality: "vision" | "language") => Tensor): Tensor => joinTokens(mapModalities(tokens, apply));
