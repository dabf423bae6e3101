/** Lets several invocations begin at the same moment, however long each worker takes to load. */
export class Gate {
  private arrived = 0;
  private openNow: () => void = () => {};
  private readonly opened: Promise<void>;

  /** Opens when so many have arrived. */
  constructor(private readonly expected: number) {
    this.opened = new Promise((resolve) => {
      this.openNow = resolve;
    });
  }

  /** Waits for the others. */
  arrive(): Promise<void> {
    this.arrived += 1;
    if (this.arrived >= this.expected) {
      this.open();
    }
    return this.opened;
  }

  /** Opens at once: whoever ends before it arrived must not hold up the rest. */
  open(): void {
    this.openNow();
  }
}
