/** The applications' own parameter in Systems Manager's Parameter Store. */
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { Blocked } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new SSMClient(CLIENT_LIMITS);

/** A version of a parameter. */
export interface ParameterVersion {
  readonly version: number;
  /** Never to be shown: the configured parameter may be the wrong one. */
  readonly text: string;
}

/**
 * Reads a parameter, the latest version without a number. Throws `Blocked` when there is none, or when it is no plain string: one
 * that is encrypted would need its key named again with every version, or change it, and is refused (decision 15).
 */
export async function readParameter(name: string, version?: number): Promise<ParameterVersion> {
  const answer = await callAws(
    { action: 'ssm:GetParameter', resource: `parameter ${name}` },
    () => client.send(new GetParameterCommand({ Name: version === undefined ? name : `${name}:${version}` })),
    refusalsOf(name),
  );
  const { Type, Value, Version } = answer.Parameter ?? {};
  if (Type !== 'String' || Value === undefined || Version === undefined) {
    throw new Blocked(
      `parameter ${name} is a ${Type ?? 'parameter without a type'}, store the host as a String, or in a secret of Secrets Manager ` +
        'and configure the switch secret',
    );
  }
  return { version: Version, text: Value };
}

/** Writes a new version, whatever the present one says: Parameter Store knows no condition. Returns the number that it got. */
export async function writeParameter(name: string, text: string): Promise<number> {
  const answer = await callAws(
    { action: 'ssm:PutParameter', resource: `parameter ${name}` },
    () => client.send(new PutParameterCommand({ Name: name, Value: text, Overwrite: true })),
    refusalsOf(name),
  );
  return answer.Version ?? 0;
}

function refusalsOf(name: string): Record<string, (cause: Error) => never> {
  const block = (problem: string) => (cause: Error) => {
    throw new Blocked(`parameter ${name} ${problem}`, { cause });
  };
  return {
    ParameterNotFound: block('does not exist, configure the name of the parameter that applications read'),
    ParameterVersionNotFound: block('lost a version meanwhile, look at its history'),
    ParameterMaxVersionLimitExceeded: block(
      'has 100 versions of which the oldest carries a label, take the label away so that another can be added',
    ),
    ParameterPatternMismatchException: block('has a pattern that the host does not match, widen the pattern'),
  };
}
