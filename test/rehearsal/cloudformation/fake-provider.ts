import { realClock } from '../../../lib/rehearsal/clock';
import type { JsonObject } from '../../../lib/rehearsal/cloudformation/json';
import type {
  CreateContext,
  DeleteContext,
  ResourceProvider,
  UpdateContext,
} from '../../../lib/rehearsal/cloudformation/provider';
import type { StackEngineOptions } from '../../../lib/rehearsal/cloudformation/stack-calls';
import { createStackEngine, type StackEngine } from '../../../lib/rehearsal/cloudformation/stack-engine';

/** A provider that remembers its calls and fails where a property says so. */
export interface FakeProvider extends ResourceProvider {
  readonly calls: string[];
  readonly contexts: (CreateContext | UpdateContext | DeleteContext)[];
  /** Calls to fail: the next one as `create Db`, or the second one as `update Db #2`. */
  readonly failing: Set<string>;
}

/** Makes a fake provider; attributes are `Arn` and every string property. */
export function fakeProvider(type: string, options: Partial<ResourceProvider> = {}): FakeProvider {
  const calls: string[] = [];
  const contexts: FakeProvider['contexts'] = [];
  const failing = new Set<string>();
  const note = (kind: string, context: CreateContext | UpdateContext | DeleteContext, detail = '') => {
    calls.push(`${kind} ${context.logicalId}${detail}`);
    contexts.push(context);
    const nth = calls.filter((call) => call === `${kind} ${context.logicalId}${detail}`).length;
    const call = `${kind} ${context.logicalId}`;
    if (failing.delete(call) || failing.delete(`${call} #${nth}`)) throw new Error(`${call} was made to fail`);
  };
  const provided = (physicalId: string, properties: JsonObject) => ({
    physicalId,
    attributes: { Arn: `arn:fake:${physicalId}`, ...properties },
  });
  return {
    type,
    replacementOn: [],
    calls,
    contexts,
    failing,
    async create(context) {
      const name = context.properties.Name;
      const physicalId = typeof name === 'string' ? name : context.physicalNameHint;
      if (context.properties.Early === true) context.assignPhysicalId(physicalId);
      note('create', context);
      return provided(physicalId, context.properties);
    },
    async update(context) {
      note('update', context);
      return provided(context.physicalId, context.properties);
    },
    async delete(context) {
      note('delete', context, context.deletionPolicy === 'Snapshot' ? ' with snapshot' : '');
    },
    ...options,
  };
}

/** An engine of account 111122223333 in eu-central-1 with the given providers. */
export function engineOf(
  providers: readonly ResourceProvider[],
  options: Partial<StackEngineOptions> = {},
): StackEngine {
  return createStackEngine({
    account: '111122223333',
    region: 'eu-central-1',
    clock: realClock,
    providers,
    ...options,
  });
}

/** The type that behaves like the database of the Target stack: another seed means another instance (facts E16). */
export const DATABASE = 'AWS::RDS::DBInstance';

/** A provider of databases. */
export function databaseProvider(): FakeProvider {
  return fakeProvider(DATABASE, {
    replacementOn: ['DBSnapshotIdentifier'],
    snapshots: true,
    defaultDeletionPolicy: 'Snapshot',
  });
}
