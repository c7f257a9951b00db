/** What `trainingStepLosses` gives on the float64 device. Every other device, in Node and in pages, comes close to it. */
export const expectedLosses = [2.4419228271864104, 2.420261533415402, 2.4073848603027237, 2.355501389023744, 2.306526067761767];
/** How far f32 may be off, after five steps of Adam. */
export const lossTolerance = 2e-4;
