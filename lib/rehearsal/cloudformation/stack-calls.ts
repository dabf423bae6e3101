import type { Clock } from '../clock';
import type { DynamicReference } from './dynamic-references';
import type { ParameterInput } from './parameters';
import type { ResourceProvider } from './provider';
import type { StackEvent } from './stack';
import type { OnFailure } from './stack-creation';

/** What an engine needs. */
export interface StackEngineOptions {
  readonly account: string;
  readonly region: string;
  /** @default aws */
  readonly partition?: string;
  readonly clock: Clock;
  readonly providers: readonly ResourceProvider[];
  /** Told of every event of every stack, in order. @default nobody is told */
  readonly emit?: (event: StackEvent) => void;
  /** Rehearsal time of an operation before its first resource. @default 0 */
  readonly latencyMs?: number;
  /** Looks up `{{resolve:…}}`. @default every one is refused */
  readonly dynamicReference?: (reference: DynamicReference) => Promise<string>;
  /** Value of an SSM parameter that a template parameter names. @default `30` for CDK's bootstrap version, nothing else */
  readonly ssmParameter?: (name: string) => string | undefined;
}

/** What the calls on a stack have in common, in the API's words; lists keep the API's shapes. */
export interface StackCall {
  readonly parameters?: readonly ParameterInput[];
  readonly capabilities?: readonly string[];
  readonly tags?: readonly { readonly Key: string; readonly Value: string }[];
  /** Service role, remembered for later updates. */
  readonly roleArn?: string;
  /** Who calls; its permissions count when the stack has no service role. */
  readonly callerArn?: string;
  /** A repeated call with the same token and arguments changes nothing; other arguments are refused. */
  readonly clientRequestToken?: string;
  readonly stackPolicyBody?: string;
}

/** Arguments of `createStack`. */
export interface CreateStackInput extends StackCall {
  readonly stackName: string;
  readonly templateBody: string;
  /** @default ROLLBACK */
  readonly onFailure?: OnFailure;
  /** @default false */
  readonly enableTerminationProtection?: boolean;
}

/** Arguments of `updateStack`: either the previous template or a new one. */
export interface UpdateStackInput extends StackCall {
  /** Name or ARN. */
  readonly stackName: string;
  readonly usePreviousTemplate?: boolean;
  readonly templateBody?: string;
}

/** Arguments of `deleteStack`. */
export interface DeleteStackInput {
  readonly stackName: string;
  readonly clientRequestToken?: string;
  readonly callerArn?: string;
}
