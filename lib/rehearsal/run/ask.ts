/** Asks whoever sits at the terminal, in the place of the approver who answers by himself: the very message of the topic, and y or n. */
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { printable } from '../report/progress/printable';
import { seconds } from '../report/words';
import type { Answer, Decide } from './approver';

/** Answers that are neither yes nor no, after which it is a no. */
const MOST_MISUNDERSTOOD = 3;

/** Where is asked. */
export interface Asking {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  /** How much faster than the world's the rehearsal's clock runs: so much shorter the answer may take. */
  readonly clockFactor: number;
  /** Called before the question; what it returns is called after the answer. */
  readonly hold: () => () => void;
}

/**
 * Asks for an answer by line. Input that is no terminal is read in the same way, so that an answer can be piped in; its end without
 * an answer is a no, as silence is one. A question that nobody answers in time is withdrawn.
 */
export function askForAnswer(asking: Asking): Decide {
  const { input, output } = asking;
  // No terminal of readline's own: Ctrl-C must stay a signal that stops the rehearsal.
  const reader = createInterface({ input, terminal: false });
  const lines = linesOf(reader);
  return async (message, expired) => {
    const release = asking.hold();
    const withdrawn = withdrawal(expired);
    try {
      output.write(`\n${printable(message)}\n\n${invitation(message, asking)}`);
      for (let misunderstood = 0; misunderstood < MOST_MISUNDERSTOOD; ) {
        const line = await Promise.race([lines.next(), withdrawn]);
        if (line === WITHDRAWN) {
          output.write('\nnobody answered in time\n');
          return null;
        }
        if (line === null) {
          output.write('\nno answer, which is a no\n');
          return { answer: 'refuse', by: 'nobody: the input ended' };
        }
        const answer = understood(line);
        // What is typed at a terminal brings its own line end.
        if (input.isTTY !== true) output.write('\n');
        if (answer !== null) return { answer, by: 'the operator at the terminal' };
        misunderstood += 1;
        output.write('y or n: ');
      }
      return { answer: 'refuse', by: 'the operator at the terminal, who said neither y nor n' };
    } finally {
      release();
    }
  };
}

const WITHDRAWN = Symbol('withdrawn');

function withdrawal(expired: AbortSignal): Promise<typeof WITHDRAWN> {
  if (expired.aborted) return Promise.resolve(WITHDRAWN);
  return new Promise((resolve) => expired.addEventListener('abort', () => resolve(WITHDRAWN), { once: true }));
}

/** The message says how long an answer counts in the world; here it is shorter. */
function invitation(message: string, { clockFactor }: Asking): string {
  const minutes = Number(/\((\d+) minutes\)/.exec(message)?.[1] ?? 0);
  const left = minutes === 0 ? '' : `, within ${seconds((minutes * 60_000) / clockFactor)} here`;
  return `An operator would answer by one of the commands. May the applications move? y or n${left}: `;
}

function understood(line: string): Answer | null {
  const said = line.trim().toLowerCase();
  if (said === 'y' || said === 'yes') return 'approve';
  if (said === 'n' || said === 'no') return 'refuse';
  return null;
}

/** Lines in their order, null at the end and ever after; none is lost with a question that was withdrawn. */
function linesOf(reader: Interface): { next(): Promise<string | null> } {
  const read: string[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  reader.on('line', (line) => {
    read.push(line);
    wake();
  });
  reader.on('close', () => {
    ended = true;
    wake();
  });
  return {
    next: async () => {
      // Ends with a line or with the input.
      while (read.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return read.shift() ?? null;
    },
  };
}
