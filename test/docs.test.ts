import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from '../lambda/assess/check';
import { ERRORS, PHASES, STEPS } from '../lambda/contract';
import { HELP } from '../lib/rehearsal/run/arguments';
import { MIGRATION_ALARMS, TARGET_ALARMS, WAY_BACK_ALARMS } from '../lib/resource-names';
import { citationsIn, definitionsIn } from './docs/citations';
import { type Command, commandsIn, problemWith } from './docs/commands';
import { configurationFields, withTables } from './docs/configuration-fields';
import {
  brokenLinks,
  brokenPaths,
  codeIn,
  DOCUMENTS,
  filesOf,
  ROOT,
  read,
  sectionsOf,
  tableRows,
} from './docs/documents';
import { interpreterList } from './docs/interpreter-list';

const CODE = filesOf('bin', 'lib', 'lambda', 'test').filter((path) => /\.(ts|sql)$/.test(path));

describe('the documents', () => {
  it('link to files and headings that exist', () => {
    expect(DOCUMENTS).toContain('README.md');
    expect(DOCUMENTS.flatMap(brokenLinks)).toEqual([]);
  });

  it('name paths that exist', () => {
    expect(DOCUMENTS.flatMap(brokenPaths)).toEqual([]);
  });

  it('name nothing of the machine that they were written on', () => {
    const own = /\/(?:tmp|work|root|home)\/|\.\.\/shared|localhost:\d/;
    expect(DOCUMENTS.filter((path) => own.test(read(path)))).toEqual([]);
  });

  it('explain every fact, fault, experiment and section that is cited, each once', () => {
    const defined = definitionsIn(read('docs/facts.md'));
    expect(defined.filter((entry, index) => defined.indexOf(entry) !== index)).toEqual([]);
    const missing = [...CODE, ...DOCUMENTS].flatMap((path) =>
      citationsIn(read(path))
        .filter((entry) => !defined.includes(entry))
        .map((entry) => `${path} cites ${entry}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('the commands in the documents', () => {
  it('exist as written: scripts, their flags, calls of AWS and their parameters', () => {
    const commands = DOCUMENTS.flatMap(commandsIn);
    expect(commands.map(({ words }) => words.join(' '))).toEqual(
      expect.arrayContaining(['npm ci', 'npm start', 'npx cdk deploy --all']),
    );
    expect(commands.map(problemWith).filter((problem) => problem !== null)).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ['npm run nothing', /no script nothing/],
    ['npm start -- --no-such-flag', /does not know --no-such-flag/],
    ['npx cdk conjure', /no command conjure/],
    ['aws stepfunctions begin-execution', /no operation begin-execution/],
    ['aws stepfunctions start-execution --machine x', /no parameter --machine/],
    ['aws unheard-of do-it', /no client of unheard-of/],
  ])('are refused when they do not: %s', (line, problem) => {
    const command: Command = { path: 'x.md', words: line.split(' ') };
    expect(problemWith(command)).toMatch(problem);
  });
});

describe('citations', () => {
  it('are found alone, in lists, in ranges, and across the lines of a comment', () => {
    expect(citationsIn('see facts A4, A5; fault 28')).toEqual(['facts A4', 'facts A5', 'fault 28']);
    expect(citationsIn('(faults 36 to 38, 46)')).toEqual(['fault 36', 'fault 37', 'fault 38', 'fault 46']);
    expect(citationsIn(' * (facts\n * A12 to A13)')).toEqual(['facts A12', 'facts A13']);
    expect(citationsIn('@default 17, others than 15')).toEqual([]);
  });
});

describe('docs/invariants.md', () => {
  const sections = sectionsOf('docs/invariants.md', 3);

  it('has every invariant', () => {
    for (let number = 1; number <= 8; number += 1) {
      expect([...sections.keys()].some((heading) => heading.startsWith(`I${number} `))).toBe(true);
    }
  });

  it.each([...sections])('%s: names what enforces it, and a test that exists', (_, text) => {
    const enforced = /^- Enforced: ([\s\S]*?)(?=^- )/m.exec(text)?.[1] ?? '';
    expect(codeIn(enforced).filter((name) => /^(lib|lambda)\//.test(name))).not.toEqual([]);
    const tests = [...text.matchAll(/^- Test: `([^`]+)`, "([^"]+)"/gm)];
    expect(tests).not.toEqual([]);
    const missing = tests.filter(([, path = '', name = '']) => !flat(read(path)).includes(flat(name)));
    expect(missing.map(([line]) => line)).toEqual([]);
  });
});

/** Quotes in a test's name may be escaped in its source. */
function flat(text: string): string {
  return text.replaceAll(/["'`\\]/g, '').replaceAll(/\s+/g, ' ');
}

describe('docs/security.md', () => {
  const rows = tableRows('docs/security.md').filter((row) => row.length === 4);

  it('answers every point, in order', () => {
    expect(rows.map(([number]) => Number(number))).toEqual(Array.from({ length: 72 }, (_, index) => index + 1));
  });

  it.each(rows)(
    '%s. %s: names a test that exists, or says why there is none',
    (_number, _asked, where = '', shown = '') => {
      const tests = [...shown.matchAll(/("?`([^`]+)`, )?"([^"]+)"/g)];
      if (shown === '-') expect(where).toMatch(/^(Does not apply|Not made here)/);
      else expect(tests).not.toEqual([]);
      let path = '';
      for (const [, , named, title = ''] of tests) {
        path = named ?? path;
        expect(flat(read(path))).toContain(flat(title));
      }
    },
  );
});

describe('docs/configuration.md', () => {
  it('has every field as the schema says it', () => {
    const path = 'docs/configuration.md';
    const rendered = withTables(read(path));
    if (process.env.SEALIFT_WRITE_DOCS === '1') writeFileSync(join(ROOT, path), rendered);
    expect(read(path)).toBe(rendered);
    const documented = tableRows(path).map(([name = '']) => name.replaceAll('`', ''));
    const fields = configurationFields();
    expect(documented).toEqual(expect.arrayContaining(fields.map((field) => field.path)));
    expect(fields.filter(({ description }) => description.length < 4)).toEqual([]);
  });
});

describe('docs/checks.md', () => {
  it('has every check with its promise, and no other', () => {
    const documented = tableRows('docs/checks.md').map(([id = '', promise]) => [id.replaceAll('`', ''), promise]);
    expect(Object.fromEntries(documented)).toEqual(CHECKS);
    expect(documented).toHaveLength(Object.keys(CHECKS).length);
  });
});

describe('docs/report.md', () => {
  it('has every field of the report, and no other', () => {
    const fields = [...read('lib/rehearsal/report/report.ts').matchAll(/^\s+readonly (\w+):/gm)].map(
      (match) => match[1] ?? '',
    );
    const text = read('docs/report.md');
    expect(fields.filter((field) => !text.includes(`\`${field}\``))).toEqual([]);
    const named = tableRows('docs/report.md').flatMap(([cell = '']) => codeIn(cell));
    expect(named.filter((name) => !fields.includes(name))).toEqual([]);
  });
});

describe('docs/interpreter.md', () => {
  it('lists exactly what the interpreter runs', () => {
    const path = 'docs/interpreter.md';
    const written = read(path).replace(
      /(<!-- list -->\n)[\s\S]*(<!-- end of list -->)/,
      (_, begin: string, end: string) => `${begin}\n${interpreterList()}\n\n${end}`,
    );
    if (process.env.SEALIFT_WRITE_DOCS === '1') writeFileSync(join(ROOT, path), written);
    expect(read(path)).toBe(written);
  });
});

describe('docs/runbook.md', () => {
  const sections = sectionsOf('docs/runbook.md', 3);
  const subjects = [
    ...Object.values(ERRORS),
    ...TARGET_ALARMS,
    ...MIGRATION_ALARMS,
    ...WAY_BACK_ALARMS,
    'KeyEndangered',
    'execution-failed',
  ];

  it.each(subjects)('says of %s what it is, how to investigate it and how to resolve it', (subject) => {
    const [, text = ''] = [...sections].find(([heading]) => heading === `\`${subject}\``) ?? [];
    for (const part of ['Description', 'Investigation', 'Resolution']) expect(text).toContain(`**${part}.**`);
  });
});

describe('docs/architecture.md', () => {
  it('describes every step and every phase of the ledger', () => {
    const text = read('docs/architecture.md');
    expect([...Object.keys(STEPS), ...PHASES].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/decisions', () => {
  it.each(filesOf('docs/decisions'))('%s says everything that a decision says', (path) => {
    const parts = ['Status', 'Context', 'Constraints', 'Decision', 'Alternatives', 'Consequences'];
    expect([...sectionsOf(path, 2).keys()]).toEqual(parts);
  });
});

describe('README.md', () => {
  it('explains every flag of npm start, and no other', () => {
    const flags = [...HELP.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1] ?? '');
    expect(flags).toContain('--dump');
    const explained = tableRows('README.md')
      .flatMap(([cell = '']) => codeIn(cell))
      .filter((text) => text.startsWith('--'))
      .map((text) => text.split(' ')[0] ?? '');
    expect(explained.sort()).toEqual(flags.sort());
  });

  it('names scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read('README.md').matchAll(/npm (?:run )?(start|test|(?<=run )[a-z]+)/g)].map(
      ([, name = '']) => name,
    );
    expect(named).toContain('start');
    const gone = named.filter((name) => {
      const [, file] = /tsx (\S+)/.exec(scripts[name] ?? '') ?? [];
      return scripts[name] === undefined || (file !== undefined && !existsSync(join(ROOT, file)));
    });
    expect(gone).toEqual([]);
  });
});
