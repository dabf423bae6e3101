/** Writes the tokens of a template as text, so that ARNs and definitions can be read as a person reads them. */
import type { StackTemplate } from './synthesis';

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '123456789012',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Resolves references to what AWS would answer, as far as names show in an ARN; throws on what it does not know. */
export function resolveTokens(value: unknown, template: StackTemplate): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveTokens(item, template));
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = []] = Object.entries(value);
  if (name === 'Ref') return reference(String(argument), template);
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) return attribute(argument.map(String), template);
  if (name === 'Fn::Join' && Array.isArray(argument)) {
    return (resolveTokens(argument[1], template) as unknown[]).map(String).join(String(argument[0]));
  }
  if (name === 'Fn::Split' && Array.isArray(argument)) {
    return String(resolveTokens(argument[1], template)).split(String(argument[0]));
  }
  if (name === 'Fn::Select' && Array.isArray(argument)) {
    return (resolveTokens(argument[1], template) as unknown[])[Number(argument[0])];
  }
  if (name === 'Fn::FindInMap') return inMap(resolveTokens(argument, template) as string[], template);
  if (name === 'Fn::ImportValue') return `<${String(argument)}>`;
  if (name?.startsWith('Fn::')) throw new Error(`the test does not know ${name}`);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveTokens(item, template)]));
}

function inMap([map = '', first = '', second = '']: readonly string[], { Mappings }: StackTemplate): unknown {
  return (Mappings as Record<string, Record<string, Record<string, unknown>>>)[map]?.[first]?.[second];
}

function reference(id: string, template: StackTemplate): string {
  const pseudo = PSEUDO[id];
  if (pseudo !== undefined) return pseudo;
  return template.Resources[id]?.Type === 'AWS::StepFunctions::StateMachine' ? machineArn(id, template) : `<${id}>`;
}

function attribute([id = '', name = '']: readonly string[], template: StackTemplate): string {
  const resource = template.Resources[id];
  if (resource?.Type === 'AWS::Lambda::Function' && name === 'Arn') {
    return `arn:aws:lambda:eu-central-1:123456789012:function:${String(resource.Properties.FunctionName)}`;
  }
  if (resource?.Type === 'AWS::StepFunctions::StateMachine') return machineArn(id, template);
  return `<${id}.${name}>`;
}

function machineArn(id: string, template: StackTemplate): string {
  const name = String(template.Resources[id]?.Properties.StateMachineName);
  return `arn:aws:states:eu-central-1:123456789012:stateMachine:${name}`;
}
