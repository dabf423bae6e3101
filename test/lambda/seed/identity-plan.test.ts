import { type PublishableTable, planIdentities } from '../../../lambda/seed/identity-plan';

const table = (changes: Partial<PublishableTable>): PublishableTable => ({
  schema: 'public',
  name: 't',
  owner: 'o',
  root: false,
  canReplicate: false,
  candidateIndex: null,
  columnWithoutEquality: null,
  identity: 'd',
  hasPrimaryKey: false,
  ...changes,
});
const full = { missingReplicaIdentity: 'full' } as const;

describe('the plan of replica identities', () => {
  it('leaves tables that can replicate, prefers an index, and takes FULL last', () => {
    const plan = planIdentities(
      [table({ canReplicate: true }), table({ name: 'i', candidateIndex: 'x' }), table({ name: 'f' })],
      full,
    );
    expect(plan.obstacles).toEqual([]);
    expect(plan.set.map(({ name, identity }) => [name, identity.kind, identity.index])).toEqual([
      ['i', 'i', 'x'],
      ['f', 'f', null],
    ]);
  });

  it('fails by name where FULL cannot compare rows, and for every table when nothing may be set', () => {
    const tables = [table({ name: 'j', columnWithoutEquality: 'doc' }), table({ name: 'i', candidateIndex: 'x' })];
    expect(planIdentities(tables, full).obstacles).toEqual([expect.stringContaining('"public"."j"')]);
    expect(planIdentities(tables, { missingReplicaIdentity: 'block' })).toMatchObject({
      set: [],
      obstacles: [expect.stringContaining('"j"'), expect.stringContaining('"i"')],
    });
  });
});
