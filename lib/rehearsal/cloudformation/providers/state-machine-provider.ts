import { isObject, type Json } from '../json';
import type { ProviderContext, ResourceProvider } from '../provider';
import { arnOf, nameOf, requiredText } from './recorded-provider';

/** A state machine as the template declares it, ready to be run. */
export interface DeployedStateMachine {
  readonly name: string;
  readonly arn: string;
  /** JSON text of the ASL definition, every token resolved. */
  readonly definition: string;
  readonly roleArn: string;
  /** @default STANDARD, as in AWS */
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly stackName: string;
  readonly logicalId: string;
}

/** What deployed state machines are handed to. */
export interface StateMachineRegistry {
  /** Called for a creation and for every change; the same ARN again replaces it. */
  register(deployed: DeployedStateMachine): void | Promise<void>;
  /** Called for a deletion. @default nothing happens */
  unregister?(arn: string): void | Promise<void>;
}

/**
 * Makes the provider of `AWS::StepFunctions::StateMachine`. The definition's functions are resolved first, then its
 * `DefinitionSubstitutions` (experiments 2); a `${…}` of a substitution that is not given stays, as in AWS, and the definition
 * must be JSON afterwards.
 */
export function stateMachineProvider(registry: StateMachineRegistry): ResourceProvider {
  const provide = async (context: ProviderContext, arn: string) => {
    const name = arn.slice(arn.lastIndexOf(':') + 1);
    const type = context.properties.StateMachineType ?? 'STANDARD';
    if (type !== 'STANDARD' && type !== 'EXPRESS') {
      throw new Error(
        `StateMachineType of ${context.logicalId} must be STANDARD or EXPRESS, got ${JSON.stringify(type)}`,
      );
    }
    await registry.register({
      name,
      arn,
      definition: definitionOf(context),
      roleArn: requiredText(context, 'RoleArn'),
      type,
      stackName: context.stackName,
      logicalId: context.logicalId,
    });
    return { physicalId: arn, attributes: { Arn: arn, Name: name } };
  };
  return {
    type: 'AWS::StepFunctions::StateMachine',
    nameProperty: 'StateMachineName',
    replacementOn: ['StateMachineName', 'StateMachineType'],
    create: async (context) => {
      const name = nameOf(context, 'StateMachineName');
      return provide(context, arnOf(context, 'states', `stateMachine:${name}`));
    },
    update: async (context) => provide(context, context.physicalId),
    delete: async (context) => {
      await registry.unregister?.(context.physicalId);
    },
  };
}

function definitionOf(context: ProviderContext): string {
  const { properties, logicalId } = context;
  const given = properties.Definition === undefined ? requiredText(context, 'DefinitionString') : properties.Definition;
  const substitutions = properties.DefinitionSubstitutions ?? {};
  if (!isObject(substitutions)) throw new Error(`DefinitionSubstitutions of ${logicalId} must be an object`);
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  const definition = text.replace(/\$\{([A-Za-z0-9_-]+)\}/g, (whole, name: string) => {
    const value: Json | undefined = Object.hasOwn(substitutions, name) ? substitutions[name] : undefined;
    if (value === undefined) return whole;
    // A substitution stands inside a JSON string of the definition.
    return JSON.stringify(String(value)).slice(1, -1);
  });
  try {
    JSON.parse(definition);
  } catch (cause) {
    throw new Error(`definition of state machine ${logicalId} is no JSON after its substitutions`, { cause });
  }
  return definition;
}
