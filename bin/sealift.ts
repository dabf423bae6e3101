/** The CDK app: reads the configuration from the context, checks it, makes the stacks. */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { CONTEXT_KEY, ConfigurationError, makeStacks, parseConfig, type SealiftConfig } from '../lib';

const app = new App();
const config = readConfig(app.node.tryGetContext(CONTEXT_KEY));
if (config === undefined) {
  process.exitCode = 1;
} else {
  makeStacks(app, config);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}

/** Prints what is wrong without a stack trace, which would tell a customer nothing. */
function readConfig(context: unknown): SealiftConfig | undefined {
  try {
    return parseConfig(context);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(`${error.message}\nCorrect the context key "${CONTEXT_KEY}" in cdk.json, then synthesize again.`);
    return undefined;
  }
}
