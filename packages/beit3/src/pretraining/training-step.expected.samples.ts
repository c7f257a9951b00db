/** What `trainingStepLosses` gives on the float64 device. Every other device, in Node and in pages, comes close to it. */
export const expectedLosses = [2.5273437261381013, 2.483673790939324, 2.407124147856386, 2.368957993660814, 2.3501285331971578];
/** How far f32 may be off, after five steps of Adam. */
export const lossTolerance = 2e-4;
