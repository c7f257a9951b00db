/**
 * A thread's rank among the active ones of its subgroup, and how many those are. Sizes and the way in which threads fall into subgroups are the
 * driver's, and may be uneven: nothing here assumes more than that each thread is in one.
 */
export const subgroupPlace = "let place = vec2<u32>(subgroupExclusiveAdd(1u), subgroupAdd(1u));";
