import { type Judged, violations } from '../../../lib/rehearsal/chaos/invariants';
import type { Report } from '../../../lib/rehearsal/report/report';

const ACCESS = ['role application {t,f}', 'database catalog t -1'];
const PRIVILEGES = ['privileges of catalog: default'];
const IDENTITIES = ['catalog: public.asset d'];

const WRITERS = { acknowledged: 9, lost: 0, doubled: 0, torn: 0, phantom: 0, onlyOnSource: null };

/** A run without fault, with what a case changes. */
function judged(report: object = {}, rest: Partial<Judged> = {}): Judged {
  const sound = {
    outcome: 'aborted',
    writableSide: 'source',
    writers: WRITERS,
    databases: [],
    rollback: null,
    ...report,
  };
  return {
    rehearsal: { report: sound as unknown as Report, logs: [], histories: [] },
    before: { access: ACCESS, privileges: PRIVILEGES, identities: IDENTITIES, ours: [] },
    after: { access: ACCESS, privileges: PRIVILEGES, identities: IDENTITIES, ours: [] },
    live: (report as { writableSide?: string }).writableSide === 'target' ? 'target' : 'source',
    changedByLateCalls: [],
    secrets: new Map([['the password of application', 'a-very-long-password']]),
    ...rest,
  };
}

const flip = {
  functionName: 'cutover',
  requestId: null,
  stream: 'stdout',
  line: '{"message":"target is live"}',
} as const;
const leak = { ...flip, line: 'connecting with a-very-long-password' };

it('finds nothing in a sound run', () => {
  expect(violations(judged())).toEqual([]);
  expect(violations(judged({ outcome: 'succeeded', writableSide: 'target' }))).toEqual([]);
  expect(violations(judged({ outcome: 'succeeded', rollback: { status: 'SUCCEEDED' } }))).toEqual([]);
  const stayed = { outcome: 'failed', writableSide: 'target', rollback: { status: 'FAILED' } };
  expect(violations(judged(stayed))).toEqual([]);
});

it.each<[string, Judged, RegExp]>([
  ['a lost write', judged({ writers: { ...WRITERS, lost: 1 } }), /^I1: 1 writes lost$/],
  ['a doubled write', judged({ writers: { ...WRITERS, doubled: 2 } }), /^I1: 2 writes doubled$/],
  ['a run that nobody wrote in', judged({ writers: null }), /^I1/],
  ['a table that differs', judged({ databases: [{ mismatchedTables: ['public.asset'] }] }), /^I1: tables differ/],
  ['two writable sides', judged({ writableSide: 'both' }), /^I2: both/],
  [
    'a write behind the flip',
    judged({ outcome: 'succeeded', writableSide: 'target', writers: { ...WRITERS, onlyOnSource: 1 } }),
    /^I2: commits/,
  ],
  ['no writable side', judged({ writableSide: 'neither' }), /^I4: no side/],
  ['a second flip', judged({}, { rehearsal: { ...judged().rehearsal, logs: [flip, flip] } }), /^I3: 2 flips/],
  [
    'a role that may not log in any more',
    judged({}, { after: { ...judged().after, access: ['role application {f,f}', ACCESS[1] ?? ''] } }),
    /^I4: on the source: [-+] role application/,
  ],
  ['a slot that was left', judged({}, { after: { ...judged().after, ours: ['slot sealift_r'] } }), /^I7: left/],
  [
    'privileges that were null before',
    judged({}, { after: { ...judged().after, privileges: ['privileges of catalog: {=Tc/owner}'] } }),
    /^I7: on the source: [-+] privileges/,
  ],
  [
    'a replica identity that stayed',
    judged({}, { after: { ...judged().after, identities: ['catalog: public.asset f'] } }),
    /^I7: replica identity/,
  ],
  [
    'a second flip of one epoch',
    judged({ rollback: {} }, { rehearsal: { ...judged({ rollback: {} }).rehearsal, logs: [flip, flip] } }),
    /^I3: two flips of one epoch/,
  ],
  [
    'applications that are led to the side that refuses them',
    judged({ outcome: 'failed', rollback: { status: 'FAILED' } }, { live: 'target' }),
    /^I5: the record leads to the target/,
  ],
  [
    'a way back that succeeded and ended on the target',
    judged({ outcome: 'succeeded', writableSide: 'target', rollback: { status: 'SUCCEEDED' } }),
    /^I5: succeeded and the source/,
  ],
  ['what a late call changed', judged({}, { changedByLateCalls: ['+ target: role x'] }), /^I6: changed by a late call/],
  ['a secret in a log', judged({}, { rehearsal: { ...judged().rehearsal, logs: [leak] } }), /^I8: the password/],
])('finds %s', (_name, run, words) => {
  expect(violations(run).filter((line) => words.test(line)).length).toBeGreaterThan(0);
});

it('lets what the ledger lists stay', () => {
  const ours = ['slot sealift_r', 'catalog: ledger'];
  const after = { access: ACCESS, privileges: PRIVILEGES, identities: ['catalog: public.asset f'], ours };
  expect(violations(judged({}, { after }))).toEqual([]);
});

it('lets a pruning drop partitions', () => {
  const before = {
    access: ACCESS,
    privileges: PRIVILEGES,
    identities: [...IDENTITIES, 'lineage: public.event_2020 d'],
    ours: [],
  };
  expect(violations(judged({}, { before }))).toEqual([]);
});
