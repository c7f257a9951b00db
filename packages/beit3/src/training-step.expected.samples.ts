/** What `trainingStepLosses` gives on the float64 device. Every other device, in Node and in pages, comes close to it. */
export const expectedLosses = [2.4469092954351876, 2.40713517587716, 2.3391157593629575, 2.3172871438272136, 2.3241392214160337];
/** How far f32 may be off, after five steps of Adam. */
export const lossTolerance = 2e-4;
