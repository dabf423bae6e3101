/** `npm run report`: renders the histories of a real execution. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { evidenceFacts } from './evidence/evidence-facts';
import { readEvidenceFolder } from './evidence/evidence-folder';
import { type HistoryPage, readPage } from './history/history-events';
import { HistoryFileError } from './history/history-file-error';
import { joinPages } from './history/join-pages';
import { jsonDocuments } from './history/json-documents';
import { migrationFacts } from './history/migration-facts';
import { pageOfExecution } from './page/page-of-execution';
import { renderPage } from './page/render-page';
import { printableLine } from './progress/printable';

/** Where the page goes unless a flag says otherwise. */
const DEFAULT_OUT = 'sealift-execution.html';

/** What `--help` prints. */
export const REPORT_HELP = `Renders one execution as a page: verdict, timeline, lag, outage, verification, checks, changes to the source.

npm run report -- --history FILE... [--evidence DIR] [--out FILE]

  --history FILE...      what get-execution-history printed; Migrate's first, then those of the phases that it started
  --evidence DIR         a copy of the evidence bucket: adds every table, every check, and what was changed on the source
  --out FILE             where the page goes; default ${DEFAULT_OUT}
  --help                 this text

Fetch them with

  aws stepfunctions get-execution-history --execution-arn ARN --output json > history-migrate.json
  aws s3 sync s3://BUCKET evidence

Migrate's history holds the ARNs of the phases' executions; without their histories the page says what is missing.

Exit code: 0 the page was written, 2 a wrong flag or a file that is no history (the reason and the remedy are printed).
`;

/** Where the command prints. */
export interface Printer {
  out(text: string): void;
  error(text: string): void;
}

/** Runs the command with the words after its name and answers the exit code; never throws for what a user can cause. */
export async function reportCommand(argv: readonly string[], print: Printer): Promise<number> {
  try {
    const flags = readFlags(argv);
    if (flags === 'help') {
      print.out(REPORT_HELP);
      return 0;
    }
    const { title, html } = await renderExecution(flags.histories, flags.evidence);
    await write(flags.out, html);
    print.out(`${printableLine(title)}\nreport: ${flags.out}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof HistoryFileError)) throw error;
    print.error(`${printableLine(error.message)}\n`);
    return 2;
  }
}

/** Reads the files and renders the page; throws HistoryFileError for files that are no histories of one run. */
export async function renderExecution(
  histories: readonly string[],
  evidenceFolder: string | null,
): Promise<{ readonly title: string; readonly html: string }> {
  const pages: HistoryPage[] = [];
  for (const path of histories) {
    for (const document of jsonDocuments(path, await read(path))) pages.push(readPage(path, document));
  }
  const facts = migrationFacts(joinPages(pages));
  const evidence =
    evidenceFolder === null ? null : evidenceFacts(await readEvidenceFolder(evidenceFolder, facts.evidenceKeys));
  const page = pageOfExecution(facts, evidence);
  return { title: page.title, html: renderPage(page) };
}

interface Flags {
  readonly histories: readonly string[];
  readonly evidence: string | null;
  readonly out: string;
}

const FLAGS = {
  history: { type: 'string', multiple: true },
  evidence: { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function readFlags(argv: readonly string[]): Flags | 'help' {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
    if (values.help) return 'help';
    // `--history a.json b.json` as shells expand it: what follows belongs to the histories.
    const histories = [...(values.history ?? []), ...positionals];
    if (!values.history) throw new HistoryFileError(`no history was given: name one with --history FILE; ${HINT}`);
    return { histories, evidence: values.evidence ?? null, out: values.out ?? DEFAULT_OUT };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (!code?.startsWith('ERR_PARSE_ARGS')) throw cause;
    throw new HistoryFileError(`${message.split(/\.\s/)[0]}; ${HINT}`, { cause });
  }
}

const HINT = 'npm run report -- --help lists the flags';

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new HistoryFileError(`${path} cannot be read (${code}): --history names a file; ${HINT}`, { cause });
  }
}

async function write(path: string, html: string): Promise<void> {
  try {
    await writeFile(path, html);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new HistoryFileError(
      `the page cannot be written to ${resolve(path)} (${code}): choose another file with --out`,
      {
        cause,
      },
    );
  }
}
