import type { EXAMPLE_INPUTS } from '../../lib/operations/start-outputs';
import { machinesOf, runMachine } from './support/run-machines';
import { example, synthesize, templateOf } from './support/synthesis';
import { resolveTokens } from './support/tokens';

const template = templateOf(synthesize(), 'Migration');
const outputs = template.Outputs as Record<string, { readonly Value: unknown; readonly Description?: string }>;
const outputOf = (id: string) => String(resolveTokens(outputs[id]?.Value, template));
const MIGRATE = 'arn:aws:states:eu-central-1:123456789012:stateMachine:sealift-demo-migrate';

describe('the outputs for who starts a migration', () => {
  test('the command starts a dry run as it is', () => {
    expect(outputOf('StartCommand')).toBe(
      `aws stepfunctions start-execution --region eu-central-1 --state-machine-arn ${MIGRATE} --input '{"dryRun":true}'`,
    );
  });

  test('the link leads to the machine in the console of its partition and region', () => {
    expect(outputOf('ConsoleLink')).toBe(
      `https://console.aws.amazon.com/states/home?region=eu-central-1#/statemachines/view/${MIGRATE}`,
    );
    expect(Object.values(template.Mappings as object)).toEqual([
      {
        aws: { domain: 'console.aws.amazon.com' },
        'aws-cn': { domain: 'console.amazonaws.cn' },
        'aws-us-gov': { domain: 'console.amazonaws-us-gov.com' },
      },
    ]);
    // Nothing is written out that only the deployment knows.
    expect(JSON.stringify([outputs.ConsoleLink, outputs.StartCommand])).not.toMatch(/amazonaws|eu-central-1|\d{12}/);
  });

  test('every example input does what its description says', async () => {
    const machines = machinesOf(template);
    const outcomes: Record<keyof typeof EXAMPLE_INPUTS, string> = {
      InputDryRun: 'assessed',
      InputReplicate: 'replicating',
      InputMigrate: 'live',
    };
    for (const [id, outcome] of Object.entries(outcomes)) {
      const ran = await runMachine(machines, 'migrate', JSON.parse(outputOf(id)));
      expect({ id, outcome: ran.output.outcome }).toEqual({ id, outcome });
      expect(outputs[id]?.Description).toMatch(/^input that /);
    }
  });

  test('they are the same for an account and a region that are known', () => {
    const known = templateOf(synthesize([example({ account: '123456789012', region: 'eu-central-1' })]), 'Migration');
    const { ConsoleLink } = known.Outputs as typeof outputs;
    expect(resolveTokens(ConsoleLink?.Value, known)).toBe(outputOf('ConsoleLink'));
  });
});
