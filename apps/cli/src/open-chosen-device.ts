import { DeviceError } from "@multiway/errors";
import { openDevice, type Device } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { webgpu } from "@multiway/webgpu";

/** What `--device` accepts. */
export const deviceChoices = ["auto", "webgpu", "wasm"] as const;
export type DeviceChoice = (typeof deviceChoices)[number];

/**
 * The device that was asked for: with `auto` a hardware GPU, else the CPU. `webgpu` takes a software adapter too, since it was named.
 *
 * @throws DeviceError with the remedy when it is not to be had
 */
export async function openChosenDevice({ device, threads }: { device: DeviceChoice; threads?: number | undefined }): Promise<Device> {
  const cpu = wasm(threads === undefined ? {} : { threads });
  if (device === "auto") return openDevice([webgpu(), cpu]);
  if (device === "wasm") return openDevice(cpu);
  try {
    return await openDevice(webgpu({ allowSoftware: true }));
  } catch (cause) {
    if (!DeviceError.isInstance(cause)) throw cause;
    throw new DeviceError(`${cause.message.replace(/ Add wasm\(\).*$/, "")} Use --device wasm, which runs everywhere, or --device auto.`, { cause, details: cause.details });
  }
}
