import type { Progress } from "@multiway/training";

/** What a long piece of work tells whoever watches. */
export interface Ui {
  /** A stage begins; the one before it is over. */
  stage(name: string, detail?: string): void;
  /** How far the stage is. */
  progress(progress: Progress): void;
  /** Something worth a line of its own. */
  note(text: string): void;
  /** All is over: the last line stays, and nothing is drawn any more. */
  done(): void;
}
