import { PassThrough } from 'node:stream';
import { askForAnswer } from '../../../lib/rehearsal/run/ask';

const MESSAGE = 'may the applications move now?\nANSWER UNTIL noon (240 minutes)';

/** A terminal of a test: what is typed, what is shown, and whether progress was held. */
function terminal() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  output.on('data', (data) => {
    shown += data;
  });
  const held: string[] = [];
  const hold = () => {
    held.push('held');
    return () => void held.push('released');
  };
  const decide = askForAnswer({ input, output, clockFactor: 60, hold });
  return { input, held, decide, shown: () => shown };
}

const NEVER = new AbortController().signal;

test('the very message is shown, with the time that is left here, and progress is held meanwhile', async () => {
  const { input, held, decide, shown } = terminal();
  const asked = decide(MESSAGE, NEVER);
  expect(held).toEqual(['held']);
  input.write('y\n');
  expect(await asked).toEqual({ answer: 'approve', by: 'the operator at the terminal' });
  expect(shown()).toContain(MESSAGE);
  expect(shown()).toMatch(/y or n, within 4 min 0 s here/);
  expect(held).toEqual(['held', 'released']);
});

test.each([
  ['n\n', 'refuse'],
  [' Yes \n', 'approve'],
  ['what?\nNO\n', 'refuse'],
  ['what?\nwho?\nwhy?\n', 'refuse'],
])('%j is understood as %s, also when it was there before the question', async (typed, answer) => {
  const { input, decide } = terminal();
  input.write(typed);
  expect(await decide(MESSAGE, NEVER)).toMatchObject({ answer });
});

test('the end of the input is a no, to every question that follows', async () => {
  const { input, decide } = terminal();
  input.end('');
  for (let question = 0; question < 2; question += 1) {
    expect(await decide(MESSAGE, NEVER)).toEqual({ answer: 'refuse', by: 'nobody: the input ended' });
  }
});

test('an answer without a line end counts, and a question that nobody answers is withdrawn', async () => {
  const piped = terminal();
  piped.input.end('y');
  expect(await piped.decide(MESSAGE, NEVER)).toMatchObject({ answer: 'approve' });
  const { decide, held, shown } = terminal();
  const expired = new AbortController();
  const asked = decide(MESSAGE, expired.signal);
  expired.abort();
  expect(await asked).toBeNull();
  expect(shown()).toMatch(/nobody answered in time/);
  expect(held).toEqual(['held', 'released']);
});
