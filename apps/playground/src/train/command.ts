import { trainingPlans, type TrainingPlan } from "../worker/protocol.ts";

/** What goes on with a run that was begun here. */
export function commandFor(plan: TrainingPlan): string {
  const { codes, batch } = trainingPlans[plan];
  return `npx @multiway/cli inspect run.safetensors

# in a clone of the repository, with what was saved in out/page
pnpm example-data emoji --to out/emoji
pnpm multiway pretrain --data out/emoji --out out/page --resume \\
  --new out/page/sizes.json --codes ${codes} --batch ${batch} \\
  --steps 1000 --eval-every 250`;
}
