import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as yaml from 'yaml';
import { ROOT, read } from './docs/documents';
import { brokenPromises } from './lib/support/promises';
import { machinesOf, runMachine } from './lib/support/run-machines';
import { type StackTemplate, synthesize, templateOf } from './lib/support/synthesis';

const directories: string[] = [];
const temporary = () => {
  const directory = mkdtempSync(join(tmpdir(), 'sealift-example-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describe("the team's own app", () => {
  test('synthesizes, and its templates keep the security list with the flags of no project', () => {
    const templates = synthesizeOwnApp();
    expect(Object.keys(templates).sort()).toEqual(
      ['Foundation', 'Migration', 'Target'].map((stack) => `ProductionSealiftorders${stack}`),
    );
    expect(brokenPromises({ templates }, 'orders', ['4711', 'cost-center', 'pager.example.com'])).toEqual([]);
    const text = JSON.stringify(templates);
    for (const own of ['pager.example.com', 'OrdersOnCall', 'OrdersLead', '4711']) expect(text).toContain(own);
  });
});

function synthesizeOwnApp(): Record<string, StackTemplate> {
  const outdir = temporary();
  const app = join(ROOT, 'examples', 'own-app', 'app.ts');
  const { status, stderr } = spawnSync(process.execPath, ['--require', require.resolve('tsx/cjs'), app], {
    cwd: join(ROOT, 'examples', 'own-app'),
    encoding: 'utf8',
    // Bundles are the same for every app, and what they hold is tested elsewhere.
    env: {
      PATH: process.env.PATH,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [] }),
    },
  });
  if (status !== 0) throw new Error(`the example failed: ${stderr}`);
  const files = readdirSync(outdir, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.template.json'),
  );
  return Object.fromEntries(
    files.map((path) => [
      basename(path, '.template.json')
        .replace(/[0-9A-F]{8}$/, '')
        .replaceAll(/[^A-Za-z]/g, ''),
      JSON.parse(readFileSync(join(outdir, path), 'utf8')) as StackTemplate,
    ]),
  );
}

interface Step {
  readonly run?: string;
  readonly uses?: string;
}
interface Job {
  readonly steps: readonly Step[];
  readonly 'timeout-minutes': number;
}
interface Workflow {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
  readonly on: {
    readonly workflow_dispatch: { readonly inputs: { readonly stopAfter: { readonly options: string[] } } };
  };
}

describe('the pipeline', () => {
  const path = 'examples/pipeline/github-actions.yml';
  const workflow = yaml.parse(read(path)) as Workflow;
  const commands = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  const migration = templateOf(synthesize(), 'Migration');

  test('runs scripts and files that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = commands.flatMap((command) => [...command.matchAll(/npm run (\w+)/g)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(1);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
    for (const command of commands)
      expect(command).toMatch(/^(npm (ci|run \w+)$|npx cdk deploy |examples\/pipeline\/migrate\.sh )/);
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  test('names a stack of the example and an output that it has', () => {
    expect(workflow.env.STACK).toBe('Sealift-demo-Migration');
    expect(Object.keys(migration.Outputs as object)).toContain('MigrateArn');
    expect(read('examples/pipeline/migrate.sh')).toContain('.MigrateArn');
  });

  test('starts executions whose input the machine understands', async () => {
    const { options } = workflow.on.workflow_dispatch.inputs.stopAfter;
    const inputs = [{ dryRun: true }, ...options.map((stopAfter) => ({ stopAfter }))];
    expect(commands.join('\n')).toContain(JSON.stringify(inputs[0]).replace(':', ': '));
    const machines = machinesOf(migration);
    for (const input of inputs) expect((await runMachine(machines, 'migrate', input)).status).toBe('SUCCEEDED');
  });

  test.each([
    ['SUCCEEDED', 0],
    ['FAILED', 1],
    ['TIMED_OUT', 1],
  ])('waits for an execution that ends as %s and exits with %s', (ending, code) => {
    const { status, stdout, stderr, calls } = runScript(ending);
    expect({ status, stderr: stderr.trim() }).toEqual({ status: code, stderr: code === 0 ? '' : 'Blocked the cause' });
    expect(stdout).toContain(ending);
    expect(calls[0]).toBe(
      'stepfunctions start-execution --state-machine-arn arn:of:migrate --input {"dryRun": true} ' +
        '--query executionArn --output text',
    );
    expect(calls.filter((call) => call.includes('--execution-arn arn:of:execution --query status'))).toHaveLength(3);
  });
});

/** Runs the script with an `aws` that answers RUNNING twice, then what is given. */
function runScript(ending: string) {
  const directory = temporary();
  const log = join(directory, 'calls');
  const outputs = join(directory, 'outputs.json');
  writeFileSync(outputs, JSON.stringify({ 'Sealift-demo-Migration': { MigrateArn: 'arn:of:migrate' } }));
  writeFileSync(
    join(directory, 'aws'),
    `#!/bin/sh
echo "$*" >> '${log}'
case "$*" in
  *start-execution*) echo arn:of:execution ;;
  *error*) echo 'Blocked the cause' ;;
  *) [ "$(grep -c 'query status' '${log}')" -lt 3 ] && echo RUNNING || echo ${ending} ;;
esac
`,
  );
  chmodSync(join(directory, 'aws'), 0o755);
  const script = join(ROOT, 'examples', 'pipeline', 'migrate.sh');
  const { status, stdout, stderr } = spawnSync(script, [outputs, 'Sealift-demo-Migration', '{"dryRun": true}'], {
    encoding: 'utf8',
    env: { PATH: `${directory}:${process.env.PATH}`, POLL_SECONDS: '0' },
  });
  return { status, stdout, stderr, calls: readFileSync(log, 'utf8').trim().split('\n') };
}
