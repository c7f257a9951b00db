/** What `headTrainingLosses` gives on the float64 device. Every other device, in Node and in pages, comes close to it. */
export const expectedHeadLosses = [4.1693455442495715, 4.135919640123333, 3.9531538502369696, 3.7818510012670914, 3.4813530007291664, 3.431500685658895];
/** How far f32 may be off, after six steps of Adam. */
export const headLossTolerance = 1e-3;
