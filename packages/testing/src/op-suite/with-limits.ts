import type { DeviceBackend, DeviceLimits } from "@multiway/tensor/device";

/** The same device with other limits, or with fusion switched on: for tests of what programs are made of. */
export function withLimits(backend: DeviceBackend, { fuses = backend.fuses, ...limits }: Partial<DeviceLimits> & { fuses?: boolean }): DeviceBackend {
  return {
    name: backend.name,
    description: backend.description,
    limits: { ...backend.limits, ...limits },
    fuses,
    get counters() {
      return backend.counters;
    },
    lost: backend.lost,
    allocate: (dtype, length) => backend.allocate(dtype, length),
    write: (buffer, data, offset) => backend.write(buffer, data, offset),
    read: async (buffer, offset, length) => await backend.read(buffer, offset, length),
    free: (buffer) => backend.free(buffer),
    load: (program) => backend.load(program),
    run: (program, bindings, scalars) => backend.run(program, bindings, scalars),
    unload: (program) => backend.unload(program),
    synchronize: async () => await backend.synchronize(),
    close: async () => await backend.close(),
  };
}
