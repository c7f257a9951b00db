export { bucketFor, padRows } from "./buckets.ts";
export { Prefetcher } from "./prefetch.ts";
export { ShuffledSampler } from "./sampler.ts";
