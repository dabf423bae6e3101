/** How much memory each step takes: that of its own thread, and by how much the whole process grew while it ran. */

/** How often the process is looked at. */
const EVERY_MS = 50;

/** What a step took at most. */
export interface StepMemory {
  readonly step: string;
  readonly calls: number;
  /** Of the function's thread: V8's heap with its garbage, and buffers. */
  readonly threadBytes: number;
  /**
   * Of the process since the call began: threads that the step started are in it, and so is what else grew meanwhile; memory that
   * was in use before and is used again is not.
   */
  readonly grownBytes: number;
}

/** Watches steps as they begin and end. */
export class StepMemories {
  readonly #steps = new Map<string, { calls: number; threadBytes: number; grownBytes: number }>();
  readonly #underWay = new Map<string, number>();
  readonly #timer = setInterval(() => this.#look(), EVERY_MS);

  /** A call of the step begins. */
  begun(step: string): void {
    this.#of(step).calls += 1;
    this.#underWay.set(step, process.memoryUsage.rss());
  }

  /** A call of the step ended; its thread held so many bytes at most. */
  ended(step: string, threadBytes: number): void {
    this.#look();
    this.#underWay.delete(step);
    const memory = this.#of(step);
    memory.threadBytes = Math.max(memory.threadBytes, threadBytes);
  }

  /** Ends the watch; the steps in the order of their first calls. */
  close(): StepMemory[] {
    clearInterval(this.#timer);
    return [...this.#steps].map(([step, memory]) => ({ step, ...memory }));
  }

  #look(): void {
    const rss = process.memoryUsage.rss();
    for (const [step, before] of this.#underWay) {
      const memory = this.#of(step);
      memory.grownBytes = Math.max(memory.grownBytes, rss - before);
    }
  }

  #of(step: string): { calls: number; threadBytes: number; grownBytes: number } {
    const memory = this.#steps.get(step) ?? { calls: 0, threadBytes: 0, grownBytes: 0 };
    this.#steps.set(step, memory);
    return memory;
  }
}
