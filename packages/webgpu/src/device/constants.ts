/** WebGPU's flag values; Node has no global GPUBufferUsage. */
export const bufferUsage = { mapRead: 0x1, copySource: 0x4, copyDestination: 0x8, storage: 0x80 } as const;
export const mapModeRead = 0x1;
export const stageCompute = 0x4;
