import { trainingPlans, type TrainingPlan } from "../worker/protocol.ts";

/** What goes on with a run that was begun here. */
export function commandFor(plan: TrainingPlan): string {
  const { layers, width, codes, batch } = trainingPlans[plan];
  return `npx @multiway/cli inspect run.safetensors

# in a clone of the repository, with run.safetensors in out/page
pnpm example-data emoji --to out/emoji
pnpm multiway pretrain --data out/emoji --out out/page --resume \\
  --new tiny --layers ${layers} --width ${width} --codes ${codes} --image-size 32 \\
  --steps 1000 --eval-every 250 --batch ${batch}`;
}
