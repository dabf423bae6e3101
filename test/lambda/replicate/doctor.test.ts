import { diagnose, type Symptoms } from '../../../lambda/replicate/doctor';

const well: Symptoms = {
  database: 'app',
  stream: 'sealift_m_1',
  active: true,
  walStatus: 'reserved',
  safeWalBytes: null,
  retainedWalBytes: 700,
  working: true,
  role: { name: 'sealift_m_replication', mayLogIn: true, mayStream: true },
  writer: null,
  blocker: null,
};
const role = { name: 'sealift_m_replication', mayLogIn: true, mayStream: true };
const holder = { pid: 7, user: 'nightly', application: 'export', seconds: 90 };

it('says nothing of a stream that is well, or of a short transaction', () => {
  expect(diagnose(well)).toEqual([]);
  expect(diagnose({ ...well, writer: { ...holder, seconds: 59 } })).toEqual([]);
  expect(diagnose({ ...well, writer: { ...holder, seconds: null } })).toEqual([]);
});

it.each<[string, Partial<Symptoms>, RegExp]>([
  ['a role that is gone', { active: false, role: null }, /is gone, release the migration/],
  [
    'a role without login',
    { active: false, role: { ...role, mayLogIn: false } },
    /`alter role sealift_m_replication login`/,
  ],
  [
    'a role without rights',
    { active: false, role: { ...role, mayStream: false } },
    /`grant rds_replication to sealift_m/,
  ],
  ['a worker that does not run', { active: false, working: false }, /max_logical_replication_workers/],
  ['a worker that connects anew', { active: false }, /connects anew, look again/],
  [
    'a lock',
    { blocker: holder },
    /process 7 of nightly \(application "export", open for 90 s\) .*\(7\)` on the target/,
  ],
  [
    'a long transaction',
    { writer: holder },
    /keeps 700 bytes of WAL meanwhile; .*pg_terminate_backend\(7\)` on the source/,
  ],
  ['a slot that grows', { walStatus: 'extended' }, /keeps more WAL than max_wal_size .* it keeps 700 bytes; raise/],
  ['a slot near its loss', { walStatus: 'unreserved', safeWalBytes: 5 }, /lost at the next checkpoint .* after 5 more/],
])('names %s and what to do about it', (_, symptoms, said) => {
  expect(diagnose({ ...well, ...symptoms })).toEqual([expect.stringMatching(said)]);
});
