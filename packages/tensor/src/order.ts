/**
 * Runs tasks in the order in which they come. A task that must wait (for its code to be loaded or compiled) holds back those behind it; with
 * none waiting, a task runs at once.
 */
export class Order {
  private waiting = false;
  private readonly tasks: (() => Promise<unknown> | undefined)[] = [];

  /** A task handles its own failures: what it throws or rejects with goes to `onFailure`. */
  constructor(private readonly onFailure: (error: unknown) => void) {}

  /** Whether a task would have to wait for others. */
  get isWaiting(): boolean {
    return this.waiting;
  }

  add(task: () => Promise<unknown> | undefined | void): void {
    this.tasks.push(task as () => Promise<unknown> | undefined);
    if (!this.waiting) this.drain();
  }

  private drain(): void {
    this.waiting = false;
    for (let task = this.tasks.shift(); task; task = this.tasks.shift()) {
      try {
        const wait = task();
        if (!wait) continue;
        this.waiting = true;
        void wait.catch(this.onFailure).then(() => this.drain());
        return;
      } catch (error) {
        this.onFailure(error);
      }
    }
  }
}
