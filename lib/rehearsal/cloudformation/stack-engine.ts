/**
 * CloudFormation on this machine: deploys synthesized templates through resource providers, with the real states, refusals,
 * replacements, rollbacks and stack policies (facts E16). Calls answer at once; the work goes on in the background.
 */
import { randomUUID } from 'node:crypto';
import { ClientTokens } from './client-tokens';
import { CloudFormationError, validationError } from './cloudformation-error';
import { type DesiredStack, desireStack } from './desired-stack';
import type { DynamicReference } from './dynamic-references';
import type { Json } from './json';
import { chooseParameters, type ParameterValues } from './parameters';
import type { ResourceProvider } from './provider';
import type { Deployment } from './resource-operations';
import { type EngineRuntime, Stack, type StackEvent, type StackStatus } from './stack';
import type {
  CreateStackInput,
  DeleteStackInput,
  StackCall,
  StackEngineOptions,
  UpdateStackInput,
} from './stack-calls';
import { checkCapabilities, checkProviders, providerOf } from './stack-checks';
import { runCreation, runDeletion } from './stack-creation';
import { describe, describeResources, type ResourceDescription, type StackDescription } from './stack-description';
import { parseStackPolicy } from './stack-policy';
import { hasChanges, runUpdate } from './stack-update';
import { parseTemplate } from './template';

const UPDATABLE: readonly StackStatus[] = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];
const STACK_NAME = /^[A-Za-z][-A-Za-z0-9]{0,127}$/;
const BOOTSTRAP_VERSION = /^\/cdk-bootstrap\/[a-z0-9]+\/version$/;

/** Makes an engine without stacks. */
export function createStackEngine(options: StackEngineOptions): StackEngine {
  return new StackEngine(options);
}

/** The stacks of one account and region. Every method throws `CloudFormationError` with the API's error code. */
export class StackEngine {
  private readonly all: Stack[] = [];
  private readonly tokens = new ClientTokens();
  private readonly providers: ReadonlyMap<string, ResourceProvider>;
  private readonly closing = new AbortController();
  private readonly runtime: EngineRuntime;

  constructor(private readonly options: StackEngineOptions) {
    this.providers = new Map(options.providers.map((provider) => [provider.type, provider]));
    if (this.providers.size < options.providers.length) throw new Error('two providers for one resource type');
    this.runtime = {
      account: options.account,
      region: options.region,
      partition: options.partition ?? 'aws',
      clock: options.clock,
      signal: this.closing.signal,
      latencyMs: options.latencyMs ?? 0,
      provider: (type) => providerOf(this.providers, type),
      dynamicReference: options.dynamicReference ?? refuseDynamicReference,
      emit: options.emit ?? (() => undefined),
      stacks: () => this.all.filter((stack) => stack.status !== 'DELETE_COMPLETE'),
    };
  }

  /** Begins to create a stack. */
  createStack(input: CreateStackInput): { readonly StackId: string } {
    const repeated = this.tokens.repeated('CreateStack', input);
    if (repeated !== null) return repeated;
    if (!STACK_NAME.test(input.stackName)) {
      throw validationError(`1 validation error detected: Value '${input.stackName}' at 'stackName' failed to satisfy`);
    }
    if (this.runtime.stacks().some((stack) => stack.name === input.stackName)) {
      throw new CloudFormationError('AlreadyExistsException', `Stack [${input.stackName}] already exists`);
    }
    const { account, region, partition } = this.runtime;
    const id = `arn:${partition}:cloudformation:${region}:${account}:stack/${input.stackName}/${randomUUID()}`;
    const desired = this.desire(input.templateBody, input, { name: input.stackName, id }, null);
    const settings = {
      desired,
      tags: tagRecord(input.tags ?? []),
      capabilities: input.capabilities ?? [],
      roleArn: input.roleArn ?? null,
    };
    const policy = input.stackPolicyBody === undefined ? null : parseStackPolicy(input.stackPolicyBody);
    const stack = new Stack(input.stackName, this.runtime, settings, id);
    stack.policy = policy;
    stack.terminationProtection = input.enableTerminationProtection ?? false;
    this.all.push(stack);
    this.tokens.remember('CreateStack', input, id);
    this.begin(stack, 'CREATE_IN_PROGRESS', input, (deployment) =>
      runCreation(deployment, input.onFailure ?? 'ROLLBACK'),
    );
    return { StackId: id };
  }

  /** Begins to update a stack; refused while an operation is under way and when nothing would change. */
  updateStack(input: UpdateStackInput): { readonly StackId: string } {
    const repeated = this.tokens.repeated('UpdateStack', input);
    if (repeated !== null) return repeated;
    const stack = this.find(input.stackName, `Stack [${input.stackName}] does not exist`);
    if ((input.templateBody === undefined) === (input.usePreviousTemplate !== true)) {
      throw validationError('Either Template URL or Template Body must be specified.');
    }
    if (!UPDATABLE.includes(stack.status)) {
      throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
    }
    const { settings } = stack;
    const body = input.templateBody ?? settings.desired.templateBody;
    const next = {
      desired: this.desire(body, input, stack, settings.desired.parameters),
      tags: input.tags === undefined ? settings.tags : tagRecord(input.tags),
      capabilities: input.capabilities ?? [],
      roleArn: input.roleArn ?? settings.roleArn,
    };
    if (!hasChanges(stack, next, this.runtime.provider)) throw validationError('No updates are to be performed.');
    if (input.stackPolicyBody !== undefined) stack.policy = parseStackPolicy(input.stackPolicyBody);
    this.tokens.remember('UpdateStack', input, stack.id);
    stack.updatedAt = new Date(this.runtime.clock.now());
    this.begin(stack, 'UPDATE_IN_PROGRESS', input, (deployment) => runUpdate(deployment, next));
    return { StackId: stack.id };
  }

  /** Begins to delete a stack; a stack that does not exist is no error, as in AWS. */
  deleteStack(input: DeleteStackInput): void {
    const stack = this.lookUp(input.stackName);
    if (stack === undefined || stack.status === 'DELETE_COMPLETE' || stack.status === 'DELETE_IN_PROGRESS') return;
    if (stack.terminationProtection) {
      throw validationError(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
    }
    if (stack.status.endsWith('_IN_PROGRESS')) {
      throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not be deleted by the rehearsal`);
    }
    this.begin(stack, 'DELETE_IN_PROGRESS', input, runDeletion);
  }

  /** Sets the stack policy; it cannot be removed again, only replaced. */
  setStackPolicy(stackName: string, body: string): void {
    this.find(stackName).policy = parseStackPolicy(body);
  }

  /** The text of the stack policy, or null. */
  getStackPolicy(stackName: string): string | null {
    return this.find(stackName).policy?.body ?? null;
  }

  /** Switches the protection against `deleteStack`. */
  updateTerminationProtection(stackName: string, enabled: boolean): void {
    this.find(stackName).terminationProtection = enabled;
  }

  /** Describes a stack by name or ARN; a deleted one is found by its ARN only. */
  describeStack(stackName: string): StackDescription {
    return describe(this.find(stackName));
  }

  /** Describes every stack that is not deleted. */
  describeStacks(): StackDescription[] {
    return this.runtime.stacks().map(describe);
  }

  /** Events of a stack, newest first. */
  describeStackEvents(stackName: string): StackEvent[] {
    return [...this.find(stackName).events].reverse();
  }

  /** Resources of a stack that exist. */
  describeStackResources(stackName: string): ResourceDescription[] {
    return describeResources(this.find(stackName));
  }

  /** The template's text, as it was given. */
  getTemplate(stackName: string): string {
    return this.find(stackName).settings.desired.templateBody;
  }

  /** Waits for the operation under way, and describes the stack after it, whatever its end. */
  async waitForStack(stackName: string): Promise<StackDescription> {
    const stack = this.find(stackName);
    await stack.operation;
    return describe(stack);
  }

  /** Aborts what is under way; stacks stay in the state that they are in. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.all.map((stack) => stack.operation));
  }

  private begin(
    stack: Stack,
    status: StackStatus,
    input: { readonly clientRequestToken?: string; readonly callerArn?: string },
    run: (deployment: Deployment) => Promise<void>,
  ): void {
    const token = input.clientRequestToken ?? null;
    const { runtime } = this;
    stack.enter(status, 'User Initiated', token);
    stack.operation = runtime.clock.sleep(runtime.latencyMs, runtime.signal).then(
      () => run({ stack, runtime, token, callerArn: input.callerArn ?? null }),
      () => undefined,
    );
    // Whoever waits for the stack sees the defect; nobody waiting must not end the process.
    stack.operation.catch(() => undefined);
  }

  private desire(
    body: string,
    call: StackCall,
    stack: { readonly name: string; readonly id: string },
    previous: ParameterValues | null,
  ): DesiredStack {
    const template = parseTemplate(body);
    checkProviders(template, this.providers);
    checkCapabilities(template, call.capabilities ?? []);
    const ssm = this.options.ssmParameter ?? ((name) => (BOOTSTRAP_VERSION.test(name) ? '30' : undefined));
    const parameters = chooseParameters(template, call.parameters ?? [], previous, ssm);
    const { account, region, partition } = this.runtime;
    return desireStack(template, body, parameters, {
      account,
      region,
      partition,
      stackName: stack.name,
      stackId: stack.id,
      importValue: (name) => this.exported(name),
      stackOutput: (stackName, where, output) => (where === region ? this.output(stackName, output) : undefined),
      availabilityZones: (where) => ['a', 'b', 'c'].map((zone) => `${where}${zone}`),
    });
  }

  private exported(name: string): Json | undefined {
    const outputs = this.runtime.stacks().flatMap((stack) => stack.outputs);
    return outputs.find((output) => output.exportName === name)?.value;
  }

  private output(stackName: string, outputName: string): Json | undefined {
    return this.lookUp(stackName)?.outputs.find((output) => output.name === outputName)?.value;
  }

  private lookUp(nameOrId: string): Stack | undefined {
    return this.all.find((stack) =>
      stack.status === 'DELETE_COMPLETE' ? stack.id === nameOrId : [stack.id, stack.name].includes(nameOrId),
    );
  }

  private find(nameOrId: string, refusal = `Stack with id ${nameOrId} does not exist`): Stack {
    const stack = this.lookUp(nameOrId);
    if (stack === undefined) throw validationError(refusal);
    return stack;
  }
}

function tagRecord(tags: readonly { readonly Key: string; readonly Value: string }[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

function refuseDynamicReference(reference: DynamicReference): Promise<string> {
  return Promise.reject(validationError(`no lookup for dynamic references of ${reference.service} is configured`));
}
