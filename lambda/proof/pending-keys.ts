/** The keys that must be looked at again, kept in the target's ledger, so that a killed invocation forgets none. */
import type { Session, Statement } from '../platform/postgres';
import { ChangedKeys } from './changed-keys';

/** An empty key stands for the whole table: no key of ours is empty, it is a JSON array. */
const WHOLE_KEY = '';

/** Keys kept in one statement. */
const KEYS_PER_STATEMENT = 10_000;

const createTable: Statement = {
  text: 'create table if not exists sealift.pending_key (relation text not null, key text not null)',
};

/** Unique by a hash: a key as text may be longer than what an index holds (2,704 bytes). */
const createIndex: Statement = {
  text: 'create unique index if not exists pending_key_once on sealift.pending_key (relation, md5(key))',
};

/** Makes the table and empties it: a new comparison begins. */
export async function beginPendingKeys(target: Session<'target'>): Promise<void> {
  await target.execute(createTable);
  await target.execute(createIndex);
  await target.execute({ text: 'truncate sealift.pending_key' });
}

/** Adds `keys` to those kept. */
export async function keepPendingKeys(target: Session<'target'>, keys: ChangedKeys): Promise<void> {
  const pairs = flat(keys);
  for (let at = 0; at < pairs.length; at += KEYS_PER_STATEMENT) {
    const slice = pairs.slice(at, at + KEYS_PER_STATEMENT);
    await target.execute({
      text: `insert into sealift.pending_key (relation, key) select * from unnest($1::text[], $2::text[])
        on conflict do nothing`,
      values: [slice.map((pair) => pair.relation), slice.map((pair) => pair.key)],
    });
  }
}

/** Replaces those kept by `keys`, in one transaction. */
export async function replacePendingKeys(target: Session<'target'>, keys: ChangedKeys): Promise<void> {
  await target.transaction(async () => {
    await target.execute({ text: 'delete from sealift.pending_key' });
    await keepPendingKeys(target, keys);
  });
}

/** Reads those kept. */
export async function readPendingKeys(target: Session<'target'>): Promise<ChangedKeys> {
  const keys = new ChangedKeys();
  const rows = await target.query<{ relation: string; key: string }>({
    text: 'select relation, key from sealift.pending_key',
  });
  for (const row of rows) {
    if (row.key === WHOLE_KEY) keys.addWhole(row.relation);
    else keys.add(row.relation, row.key);
  }
  return keys;
}

function flat(keys: ChangedKeys): { relation: string; key: string }[] {
  return [
    ...keys.wholeRelations().map((relation) => ({ relation, key: WHOLE_KEY })),
    ...keys.entries().flatMap(({ relation, keys: texts }) => texts.map((key) => ({ relation, key }))),
  ];
}
