/** The commands that the documents tell people to run, and whether they exist. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT, read } from './documents';

/** A command as a shell would read it. */
export interface Command {
  readonly path: string;
  readonly words: readonly string[];
}

/** First words of the commands that are looked at; others (SQL, JSON, output) are not for a shell. */
const PROGRAMS = ['npm', 'npx', 'aws', 'git'];

/** The commands in a document: lines of fenced blocks and code in its sentences that begin with a program's name. */
export function commandsIn(path: string): Command[] {
  const text = read(path).replaceAll(/\\\n\s*/g, ' ');
  const blocks = [...text.matchAll(/^ *```.*?\n(.*?)^ *```$/gms)].map((match) => match[1] ?? '');
  const spans = [...text.replace(/^ *```.*?^ *```$/gms, '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  const lines = [...blocks.flatMap((block) => block.split('\n')), ...spans.map((span) => span.replaceAll('\n', ' '))];
  return lines
    .flatMap((line) => line.replace(/^\s*(?:- run: |run: |\$ )?/, '').split(' && '))
    .map(wordsOf)
    .filter(([program = '', ...rest]) => PROGRAMS.includes(program) && rest.length > 0)
    .map((words) => ({ path, words }));
}

/** Splits at blanks, keeping what quotes hold together; a comment ends the command. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  const comment = words.indexOf('#');
  return comment === -1 ? words : words.slice(0, comment);
}

/** What is wrong with a command; null when it can be run as written. */
export function problemWith({ path, words }: Command): string | null {
  const [program, ...rest] = words;
  const problem =
    program === 'npm'
      ? problemWithNpm(rest)
      : program === 'npx'
        ? problemWithNpx(rest)
        : program === 'aws'
          ? problemWithAws(rest)
          : rest[0] === 'clone'
            ? null
            : `git ${rest[0]} is not for users`;
  return problem === null ? null : `${path}: ${words.join(' ')}: ${problem}`;
}

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

function problemWithNpm([verb = '', ...rest]: string[]): string | null {
  if (verb === 'ci') return null;
  const name = verb === 'run' ? (rest[0] ?? '') : verb;
  const script = scripts[name];
  if (script === undefined) return `package.json has no script ${name}`;
  const flags = flagsOf(rest.slice(rest.indexOf('--') + 1));
  if (!rest.includes('--') || flags.length === 0) return null;
  const [, file] = /^tsx (bin\/\w+\.ts)$/.exec(script) ?? [];
  if (file === undefined) return `script ${name} takes no flags of ours`;
  const help = helpOf(file);
  const unknown = flags.filter((flag) => !new RegExp(`${flag}\\b`).test(help));
  return unknown.length === 0 ? null : `its help does not know ${unknown.join(', ')}`;
}

function flagsOf(words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''));
}

const helps = new Map<string, string>();

function helpOf(file: string): string {
  const known = helps.get(file);
  if (known !== undefined) return known;
  const tsx = createRequire(__filename).resolve('tsx/cjs');
  const help = execFileSync(process.execPath, ['--require', tsx, join(ROOT, file), '--help'], { encoding: 'utf8' });
  helps.set(file, help);
  return help;
}

function problemWithNpx([program, verb = '']: string[]): string | null {
  if (program === 'jest') return null;
  if (program !== 'cdk') return `npx ${program} is not a dependency`;
  const cdk = createRequire(__filename).resolve('aws-cdk/bin/cdk');
  const help = helps.get(cdk) ?? execFileSync(process.execPath, [cdk, '--help'], { encoding: 'utf8', stdio: 'pipe' });
  helps.set(cdk, help);
  return new RegExp(`^\\s+cdk ${verb}\\b`, 'm').test(help) ? null : `the CDK has no command ${verb}`;
}

/** Commands of the AWS CLI that are no API calls. */
const HIGH_LEVEL = ['s3 sync', 's3 cp', 's3 ls'];

/** Flags that every command of the AWS CLI knows. */
const GLOBAL_FLAGS = ['--output', '--query', '--region', '--profile', '--no-cli-pager', '--cli-input-json'];

const SERVICES: Readonly<Record<string, string>> = {
  stepfunctions: 'sfn',
  route53: 'route-53',
  secretsmanager: 'secrets-manager',
};

function problemWithAws([service = '', verb = '', ...rest]: string[]): string | null {
  if (HIGH_LEVEL.includes(`${service} ${verb}`)) return null;
  if (verb === 'wait') return null;
  let client: Record<string, unknown>;
  try {
    client = createRequire(__filename)(`@aws-sdk/client-${SERVICES[service] ?? service}`) as Record<string, unknown>;
  } catch {
    return `no client of ${service} is here to check it with`;
  }
  const operation = Object.keys(client).find((name) => name.toLowerCase() === `${verb.replaceAll('-', '')}command`);
  if (operation === undefined) return `${service} has no operation ${verb}`;
  const members = inputMembers(client[operation.replace(/Command$/, '$')]);
  const unknown = flagsOf(rest)
    .filter((flag) => !GLOBAL_FLAGS.includes(flag))
    .filter((flag) => !members.includes(flag.slice(2).replaceAll('-', '')));
  return unknown.length === 0 ? null : `${verb} has no parameter ${unknown.join(', ')}`;
}

/** Names of an operation's input, in lower case, as the client's schema lists them. */
function inputMembers(operation: unknown): string[] {
  const input = (operation as readonly unknown[])[4];
  const schema = (typeof input === 'function' ? input() : input) as readonly unknown[];
  return (schema[4] as readonly string[]).map((name) => name.toLowerCase());
}
