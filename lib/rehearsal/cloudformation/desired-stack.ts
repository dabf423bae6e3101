import { validationError } from './cloudformation-error';
import { conditionEvaluator, evaluateCondition } from './conditions';
import { type DependencyGraph, deploymentOrder } from './dependency-graph';
import { referencesOf, resolve, resolveObject, type Scope } from './intrinsics';
import { isObject, type Json, type JsonObject } from './json';
import type { ParameterValues } from './parameters';
import type { ResourceDefinition, Template } from './template';

/** Where a stack lives and what it can see of others. */
export interface StackEnvironment {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly stackName: string;
  readonly stackId: string;
  importValue(name: string): Json | undefined;
  stackOutput(stackName: string, region: string, outputName: string): Json | undefined;
  availabilityZones(region: string): readonly string[];
}

/** A resource that a template wants, conditions and parameters applied. */
export interface DesiredResource {
  readonly logicalId: string;
  readonly type: string;
  readonly definition: ResourceDefinition;
  /** Everything resolved but references to resources. */
  readonly properties: JsonObject;
  /** Logical ids that come before it: `DependsOn` and references. */
  readonly dependencies: ReadonlySet<string>;
}

/** An output that a template wants; values resolved but for references to resources. */
export interface DesiredOutput {
  readonly name: string;
  readonly value: Json;
  readonly description: string | null;
  readonly exportName: Json | null;
}

/** What a template wants with its parameters: the plan that a change set compares. */
export interface DesiredStack {
  readonly template: Template;
  readonly templateBody: string;
  readonly parameters: ParameterValues;
  readonly resources: ReadonlyMap<string, DesiredResource>;
  readonly outputs: readonly DesiredOutput[];
  /** Names of the exports of other stacks that it uses. */
  readonly imports: ReadonlySet<string>;
  readonly scope: Scope;
}

/**
 * Applies parameters and conditions to a template.
 * @throws ValidationError for a rule that fails, an unknown name, a reference to a resource that is switched off, or a circle.
 */
export function desireStack(
  template: Template,
  templateBody: string,
  parameters: ParameterValues,
  environment: StackEnvironment,
): DesiredStack {
  const imports = new Set<string>();
  const scope = symbolicScope(template, parameters, environment, imports);
  refuseUnknownNames(template, scope);
  checkRules(template, scope);
  for (const name of Object.keys(template.conditions)) scope.condition(name);
  const switchedOn = (condition: string | null) => condition === null || scope.condition(condition);
  const wanted = Object.entries(template.resources).filter(([, definition]) => switchedOn(definition.condition));
  const present = new Set(wanted.map(([logicalId]) => logicalId));
  const resources = new Map(
    wanted.map(([logicalId, definition]) => [logicalId, desireResource(logicalId, definition, present, scope)]),
  );
  const outputs = Object.entries(template.outputs)
    .filter(([, output]) => switchedOn(output.condition))
    .map(([name, output]): DesiredOutput => {
      const value = resolve(output.value, scope, `Outputs.${name}.Value`);
      if (value === undefined) throw validationError(`[Outputs.${name}.Value] may not be AWS::NoValue`);
      refuseAbsent(value, present, `Outputs.${name}`);
      const exportName =
        output.exportName && (resolve(output.exportName, scope, `Outputs.${name}.Export.Name`) ?? null);
      return { name, value, description: output.description, exportName };
    });
  deploymentOrder(graphOf(resources));
  return { template, templateBody, parameters, resources, outputs, imports, scope };
}

/** The dependencies between resources, as the scheduler takes them. */
export function graphOf(
  resources: ReadonlyMap<string, { readonly dependencies: ReadonlySet<string> }>,
): DependencyGraph {
  const known = (id: string) => resources.has(id);
  return new Map([...resources].map(([id, { dependencies }]) => [id, new Set([...dependencies].filter(known))]));
}

function desireResource(
  logicalId: string,
  definition: ResourceDefinition,
  present: ReadonlySet<string>,
  scope: Scope,
): DesiredResource {
  const properties = resolveObject(definition.properties, scope, `Resources.${logicalId}.Properties`);
  refuseAbsent(properties, present, `Resources.${logicalId}`);
  // A DependsOn on a resource that is switched off is allowed and has no effect, as in AWS.
  const dependencies = new Set([
    ...definition.dependsOn.filter((name) => present.has(name)),
    ...referencesOf(properties),
  ]);
  return { logicalId, type: definition.type, definition, properties, dependencies };
}

function symbolicScope(
  template: Template,
  parameters: ParameterValues,
  environment: StackEnvironment,
  imports: Set<string>,
): Scope {
  const pseudo = pseudoParameters(environment);
  const scope: Scope = {
    parameter: (name) => (Object.hasOwn(pseudo, name) ? pseudo[name] : parameters.get(name)?.value),
    condition: conditionEvaluator(template.conditions, () => scope),
    mappings: template.mappings,
    reference: (logicalId, attribute, path): Json => {
      if (!Object.hasOwn(template.resources, logicalId)) throw unresolved(logicalId, path);
      return attribute === null ? { Ref: logicalId } : { 'Fn::GetAtt': [logicalId, attribute] };
    },
    importValue: (name) => {
      imports.add(name);
      return environment.importValue(name);
    },
    stackOutput: (stackName, region, outputName) => environment.stackOutput(stackName, region, outputName),
    availabilityZones: (region) => environment.availabilityZones(region),
  };
  return scope;
}

function pseudoParameters(environment: StackEnvironment): Readonly<Record<string, Json>> {
  return {
    'AWS::AccountId': environment.account,
    'AWS::Region': environment.region,
    'AWS::Partition': environment.partition,
    'AWS::StackId': environment.stackId,
    'AWS::StackName': environment.stackName,
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::NotificationARNs': [],
  };
}

/** Checks names in branches that are not taken too: CloudFormation validates the text of the template. */
function refuseUnknownNames(template: Template, scope: Scope): void {
  const known = (name: string) =>
    name === 'AWS::NoValue' || Object.hasOwn(template.resources, name) || scope.parameter(name) !== undefined;
  const unknown = new Set<string>();
  for (const definition of Object.values(template.resources)) {
    const names = [...referencesOf(definition.properties), ...definition.dependsOn];
    for (const name of names) if (!known(name)) unknown.add(name);
  }
  if (unknown.size > 0) throw unresolved([...unknown].join(', '), 'Resources');
}

function refuseAbsent(value: Json, present: ReadonlySet<string>, path: string): void {
  const absent = [...referencesOf(value)].filter((name) => !present.has(name));
  if (absent.length > 0) throw unresolved(absent.join(', '), path);
}

function unresolved(names: string, path: string) {
  const block = path.startsWith('Outputs') ? 'Outputs' : 'Resources';
  return validationError(
    `Template format error: Unresolved resource dependencies [${names}] in the ${block} block of the template, at [${path}]`,
  );
}

/** Evaluates the `Rules` section, where the CDK checks the bootstrap version. */
function checkRules(template: Template, scope: Scope): void {
  for (const [name, rule] of Object.entries(template.rules)) {
    const path = `Rules.${name}`;
    if (!isObject(rule) || !Array.isArray(rule.Assertions)) throw validationError(`[${path}] needs Assertions`);
    if (rule.RuleCondition !== undefined && !evaluateCondition(rule.RuleCondition, scope, path)) continue;
    for (const assertion of rule.Assertions as readonly Json[]) {
      if (!isObject(assertion)) throw validationError(`[${path}.Assertions] must hold objects`);
      if (!evaluateCondition(assertion.Assert ?? null, scope, path)) {
        throw validationError(`Template error: rule ${name} failed: ${String(assertion.AssertDescription ?? '')}`);
      }
    }
  }
}
