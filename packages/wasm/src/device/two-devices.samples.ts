/** A program: opens two devices one after the other, lets the worker of each run something, and prints what a small program gives. */
import { compile, openDevice, type Tensor } from "@multiway/tensor";
import { wasm } from "../wasm.ts";

for (let opened = 0; opened < 2; opened++) {
  const device = await openDevice(wasm({ threads: 1 }));
  await device.ones([200, 200]).matmul(device.ones([200, 200])).data();
  const small = compile((x: Tensor) => x.mul(1.1).add(0.3).gelu().mul(x).add(x.exp()));
  const result = await small(device.tensor(Float32Array.from({ length: 1000 }, (_, index) => Math.sin(index)))).data();
  console.log(new Uint32Array(result.slice().buffer).join(" "));
  await device.close();
}
