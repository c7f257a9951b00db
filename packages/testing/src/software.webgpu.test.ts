import { expect, test } from "vitest";
import { create } from "webgpu";
import { hasSoftware } from "./software.ts";

// Held to the end: Dawn does not survive work under way when its GPU object has been collected.
const gpu = create([]);

test("an adapter is found", async () => {
  const adapter = await gpu.requestAdapter();
  expect(adapter).not.toBeNull();
});

test.runIf(hasSoftware() && process.env["VK_DRIVER_FILES"]?.includes("swiftshader"))("it is SwiftShader, and computes", async () => {
  const adapter = await gpu.requestAdapter();
  expect(adapter!.info.architecture).toBe("swiftshader");
  const device = await adapter!.requestDevice();
  const module = device.createShaderModule({
    code: `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = f32(id.x) * 2; }`,
  });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const storage = device.createBuffer({ size: 256, usage: 0x80 | 0x4 }); // STORAGE | COPY_SRC
  const readback = device.createBuffer({ size: 256, usage: 0x1 | 0x8 }); // MAP_READ | COPY_DST
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: storage } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(storage, 0, readback, 0, 256);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(1);
  expect([...new Float32Array(readback.getMappedRange()).slice(0, 4)]).toEqual([0, 2, 4, 6]);
  readback.unmap();
  await device.queue.onSubmittedWorkDone();
  device.destroy();
});
