/** Every `*` in an IAM document of a template, with who holds it. */
import { ofType, type StackTemplate } from './synthesis';
import { resolveTokens } from './tokens';

/** One action or resource with a `*`, or a principal that is one. */
export interface Wildcard {
  /** Logical id of the role, policy or resource, without the CDK's hash. */
  readonly holder: string;
  readonly kind: 'identity' | 'resource policy' | 'trust';
  readonly part: 'action' | 'resource' | 'principal';
  /** The action, resource or principal as text. */
  readonly text: string;
  readonly actions: readonly string[];
}

interface Statement {
  readonly Effect: string;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly NotAction?: unknown;
  readonly NotResource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Lists the wildcards of identity policies, trust policies and the policies of keys, buckets, topics and queues. */
export function wildcardsOf(template: StackTemplate): Wildcard[] {
  const identity = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
    documents(template, type, 'PolicyDocument', 'identity'),
  );
  const inline = ofType(template, 'AWS::IAM::Role').flatMap(([id, { Properties }]) =>
    ((Properties.Policies ?? []) as { PolicyDocument: unknown }[]).flatMap(({ PolicyDocument }) =>
      inDocument(id, 'identity', PolicyDocument, template),
    ),
  );
  return [
    ...identity,
    ...inline,
    ...documents(template, 'AWS::IAM::Role', 'AssumeRolePolicyDocument', 'trust'),
    ...documents(template, 'AWS::KMS::Key', 'KeyPolicy', 'resource policy'),
    ...['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'].flatMap((type) =>
      documents(template, type, 'PolicyDocument', 'resource policy'),
    ),
    ...documents(template, 'AWS::SecretsManager::ResourcePolicy', 'ResourcePolicy', 'resource policy'),
  ];
}

function documents(template: StackTemplate, type: string, property: string, kind: Wildcard['kind']): Wildcard[] {
  return ofType(template, type).flatMap(([id, { Properties }]) => inDocument(id, kind, Properties[property], template));
}

function inDocument(id: string, kind: Wildcard['kind'], document: unknown, template: StackTemplate): Wildcard[] {
  const { Statement } = resolveTokens(document, template) as { Statement: Statement[] };
  const holder = id.replace(/[0-9A-F]{8}$/, '');
  // A denial for everybody narrows, it gives nothing.
  return Statement.filter(({ Effect }) => Effect !== 'Deny').flatMap((statement) => {
    const actions = texts(statement.Action);
    const parts: Record<Wildcard['part'], string[]> = {
      action: [...actions, ...texts(statement.NotAction).map((text) => `not ${text}*`)],
      resource: [...texts(statement.Resource), ...texts(statement.NotResource).map((text) => `not ${text}*`)],
      principal: principals(statement.Principal),
    };
    return Object.entries(parts).flatMap(([part, found]) =>
      found
        .filter((text) => text.includes('*'))
        .map((text) => ({ holder, kind, part: part as Wildcard['part'], text, actions })),
    );
  });
}

function principals(principal: unknown): string[] {
  if (typeof principal === 'string') return [principal];
  return Object.values(principal ?? {}).flatMap(texts);
}

function texts(value: unknown): string[] {
  return value === undefined ? [] : [value].flat().map(String);
}
