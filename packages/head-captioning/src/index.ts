export { beamSearch, type BeamSearchOptions, type BeamSearchResult, type Caption, type CaptionTokens, type NextWords } from "./beam-search.ts";
export { Captioner } from "./captioner.ts";
export { captioningLoss, type SmoothedLossOptions } from "./captioning-loss.ts";
export { CaptioningModel, type CaptioningBatch, type CaptioningInput, type CaptioningLossOptions, type CaptionState, type CaptionStep } from "./captioning-model.ts";
