import { loadBeit3, type Beit3, type Beit3Source, type LoadingProgress } from "@multiway/beit3";
import { OptionError } from "@multiway/errors";
import { openDevice, type Device } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { webgpu } from "@multiway/webgpu";
import type { Taught } from "./teach.ts";
import type { Training } from "./train.ts";
import type { DeviceChoice, ModelInfo, ModelPlace } from "./protocol.ts";

/** The model that is open, and its device. */
export class Session {
  #device: Device | undefined;
  #model: Beit3 | undefined;
  #taught: Taught | undefined;
  #training: Promise<Training> | undefined;
  #waiting: ((device: Device) => void)[] = [];
  readonly #onLost: (reason: string) => void;

  constructor(onLost: (reason: string) => void) {
    this.#onLost = onLost;
  }

  /** @throws OptionError when none is open */
  get model(): Beit3 {
    if (this.#model) return this.#model;
    throw new OptionError("No model is open yet. Wait until it is, or choose one above.");
  }

  /** The device of the model that is open. @throws OptionError when none is */
  get device(): Device {
    return this.model.device;
  }

  /** The device that the page opens when it has been told that this one is lost. @throws the signal's reason */
  async deviceAfter(lost: Device, signal: AbortSignal): Promise<Device> {
    if (this.#device && this.#device !== lost) return this.#device;
    return await new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  }

  /** Pretraining in the page. */
  training(): Promise<Training> {
    // Much of it is of no use to whoever looks and asks.
    return (this.#training ??= import("./train.ts").then(({ Training: Made }) => new Made()));
  }

  /** What was taught in the page. @throws OptionError when nothing was */
  get taught(): Taught {
    if (this.#taught) return this.#taught;
    throw new OptionError("Nothing was taught yet. Teach the model first.");
  }
  set taught(taught: Taught) {
    this.#taught?.model.dispose();
    this.#taught = taught;
  }

  /** Opens a model; the one before is given back only when the new one has come. */
  async open(choice: DeviceChoice, place: ModelPlace, { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: LoadingProgress) => void }): Promise<ModelInfo> {
    const began = performance.now();
    const device = await this.#deviceFor(choice);
    let model: Beit3;
    try {
      model = await loadBeit3(sourceOf(place), { device, signal, onProgress });
    } catch (error) {
      if (this.#device !== device) await device.close();
      throw error;
    }
    this.#model?.dispose();
    if (this.#device !== device) this.#taught = undefined;
    if (this.#device !== device) await this.#device?.close();
    this.#device = device;
    this.#model = model;
    for (const resolve of this.#waiting.splice(0)) resolve(device);
    const { imageSize, patchSize, numLayers, numHeads } = model.description.model;
    return {
      name: nameOf(place),
      device: device.name,
      description: device.description,
      abilities: model.abilities,
      parameters: model.model.countParameters(),
      patchesPerSide: imageSize / patchSize,
      imageSize,
      layers: numLayers,
      heads: numHeads,
      openedIn: performance.now() - began,
    };
  }

  async #deviceFor(choice: DeviceChoice): Promise<Device> {
    if (this.#device && (choice === "auto" || choice === this.#device.name)) return this.#device;
    const device = await openDevice(choice === "auto" ? [webgpu(), wasm()] : choice === "wasm" ? wasm() : webgpu({ allowSoftware: true }));
    void device.lost.then((reason) => {
      if (reason === undefined || this.#device !== device) return;
      this.#device = this.#model = this.#taught = undefined;
      this.#onLost(reason);
    });
    return device;
  }
}

function sourceOf(place: ModelPlace): Beit3Source {
  if (place === "mini") return "mini";
  if ("address" in place) return place.address;
  const [only, ...others] = place.files;
  if (only === undefined) throw new OptionError("No file was chosen. Choose a checkpoint (.pth, .safetensors), or all files of a model folder.");
  return others.length === 0 ? only : Object.fromEntries(place.files.map((file) => [file.name, file]));
}

const nameOf = (place: ModelPlace): string => (place === "mini" ? "mini" : "address" in place ? place.address : place.files.map(({ name }) => name).join(", "));
