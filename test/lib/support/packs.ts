/** Runs the policy packs over stacks, and counts what was acknowledged. */
import type { App, Stack } from 'aws-cdk-lib';
import {
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  type NagPack,
  NIST80053R5Checks,
  PCIDSS321Checks,
  ServerlessChecks,
} from 'cdk-nag';
import type { PACKS } from '../../../lib/acknowledge';

const CHECKS: Record<(typeof PACKS)[number], (app: App) => NagPack> = {
  AwsSolutions: (app) => new AwsSolutionsChecks(app),
  'HIPAA.Security': (app) => new HIPAASecurityChecks(app),
  'NIST.800.53.R5': (app) => new NIST80053R5Checks(app),
  'PCI.DSS.321': (app) => new PCIDSS321Checks(app),
  Serverless: (app) => new ServerlessChecks(app),
};

/** Findings of a pack that nobody acknowledged, as `stack rule construct`. */
export function findingsOf(pack: keyof typeof CHECKS, app: App, stacks: readonly Stack[]): string[] {
  return stacks.flatMap((stack) =>
    CHECKS[pack](app)
      .validateScope(stack)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
      ),
  );
}

const ACKNOWLEDGED = 'aws:cdk:acknowledged-rules';

/** An accepted finding. */
export interface Acknowledgement {
  readonly id: string;
  readonly reason: string;
}

/** Every acknowledgement below stacks. */
export function acknowledgementsOf(stacks: readonly Stack[]): Acknowledgement[] {
  return stacks
    .flatMap((stack) => stack.node.findAll())
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === ACKNOWLEDGED))
    .flatMap(({ data }) => Object.entries(data as Record<string, string>).map(([id, reason]) => ({ id, reason })));
}
