/** What `headTrainingLosses` gives on the float64 device. Every other device, in Node and in pages, comes close to it. */
export const expectedHeadLosses = [4.169345544254973, 4.135919640426859, 3.9531538505397155, 3.7818509942068186, 3.4813530012137273, 3.431500685837738];
/** How far f32 may be off, after six steps of Adam. */
export const headLossTolerance = 1e-3;
