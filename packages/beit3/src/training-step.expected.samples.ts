/** What `trainingStepLosses` gives on the float64 device. Every other device, in Node and in pages, comes close to it. */
export const expectedLosses = [2.450298888516207, 2.4035394400378856, 2.3139495460952353, 2.3269224865449956, 2.326092469812217];
/** How far f32 may be off, after five steps of Adam. */
export const lossTolerance = 2e-4;
