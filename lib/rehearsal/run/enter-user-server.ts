/** From the command line to a server of the user: its password, a look at it, and the consent to make something on it. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { printable } from '../report/progress/printable';
import { KNOWN_MAJORS } from '../servers/binaries';
import type { UserOptions } from './options';
import { RehearsalFailure } from './rehearsal-failure';
import { MADE_ON_SERVER, UserServer } from './user-server';
import { findPassword, type UserSource } from './user-source';

/** Where is asked. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly output: Writable;
}

/** What the command line says beside the options. */
export interface UserServerRequest {
  readonly source: UserSource;
  /** Null for the source's. */
  readonly targetVersion: number | null;
  /** Nobody is asked. */
  readonly yes: boolean;
}

/**
 * Looks at the server, says what will be made on it, and asks whoever sits at a terminal. Throws `RehearsalFailure` when the answer is
 * no, and for a server that cannot be rehearsed; nothing was made then.
 */
export async function enterUserServer(
  options: UserOptions,
  { source, targetVersion, yes }: UserServerRequest,
  terminal: Terminal,
): Promise<UserOptions> {
  const password = (await findPassword(source)) ?? (await askHidden(`Password of ${source.user}: `, terminal));
  const userServer = await UserServer.find(source, password);
  const { major, databases } = userServer.found;
  if (!KNOWN_MAJORS.includes(major)) {
    throw new RehearsalFailure(
      `the server of --source runs PostgreSQL ${major}; a rehearsal knows ${KNOWN_MAJORS.join(', ')}`,
    );
  }
  if (targetVersion !== null && targetVersion < major) {
    throw new RehearsalFailure(
      `--target-version ${targetVersion} is older than the server's ${major}: no road leads back`,
    );
  }
  const made = MADE_ON_SERVER.map((one) => `  ${one}`).join('\n');
  terminal.output.write(
    printable(
      `On the server, for ${databases.join(', ')}, these are made, and removed at the end:\n${made}\nNothing else is changed there.\n`,
    ),
  );
  if (!yes && !options.dryRun && terminal.input.isTTY === true && !(await agrees(terminal))) {
    throw new RehearsalFailure('nothing was made on the server: the answer was no');
  }
  return { ...options, userServer, sourceVersion: major, targetVersion: targetVersion ?? major };
}

async function agrees({ input, output }: Terminal): Promise<boolean> {
  const reader = createInterface({ input, terminal: false });
  output.write('Go on? y or n: ');
  const answer = await new Promise<string>((resolve) => {
    reader.once('line', resolve);
    reader.once('close', () => resolve('n'));
  });
  reader.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** What is typed is not shown. Where there is no terminal nobody is asked: a server may trust. */
async function askHidden(question: string, { input, output }: Terminal): Promise<string> {
  if (input.isTTY !== true || input.setRawMode === undefined) return '';
  output.write(question);
  input.setRawMode(true);
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed = '';
      const take = (chunk: Buffer) => {
        for (const character of chunk.toString('utf8')) {
          if (character === '\r' || character === '\n') {
            input.off('data', take);
            resolve(typed);
            return;
          }
          if (character === '\u0003') {
            input.off('data', take);
            reject(new RehearsalFailure('nothing was made on the server: no password was given'));
            return;
          }
          typed = character === '\u007f' ? typed.slice(0, -1) : typed + character;
        }
      };
      input.on('data', take);
    });
  } finally {
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  }
}
