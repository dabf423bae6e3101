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

/** Where a batch of keys ended. */
export interface PendingPlace {
  readonly relation: string;
  readonly keyHash: string;
}

/** At most `limit` keys behind `after`, in the order of the index, tables marked as a whole left out; null at the end. */
export async function readPendingBatch(
  target: Session<'target'>,
  after: PendingPlace | null,
  limit: number,
): Promise<{ readonly keys: ChangedKeys; readonly last: PendingPlace } | null> {
  const rows = await target.query<{ relation: string; key: string; keyHash: string }>({
    text: `select relation, key, md5(key) as "keyHash" from sealift.pending_key
      where key <> $1 and (relation, md5(key)) > ($2, $3) order by relation, md5(key) limit $4`,
    values: [WHOLE_KEY, after?.relation ?? '', after?.keyHash ?? '', limit],
  });
  const last = rows.at(-1);
  if (last === undefined) return null;
  const keys = new ChangedKeys();
  for (const row of rows) keys.add(row.relation, row.key);
  return { keys, last };
}

/** Forgets `keys`; those of a table marked as a whole stay with their mark. */
export async function dropPendingKeys(target: Session<'target'>, keys: ChangedKeys): Promise<void> {
  const pairs = flat(keys);
  for (let at = 0; at < pairs.length; at += KEYS_PER_STATEMENT) {
    const slice = pairs.slice(at, at + KEYS_PER_STATEMENT);
    await target.execute({
      text: `delete from sealift.pending_key as pending using unnest($1::text[], $2::text[]) as gone(relation, key)
        where pending.relation = gone.relation and md5(pending.key) = md5(gone.key) and pending.key = gone.key`,
      values: [slice.map((pair) => pair.relation), slice.map((pair) => pair.key)],
    });
  }
}

function flat(keys: ChangedKeys): { relation: string; key: string }[] {
  return [
    ...keys.wholeRelations().map((relation) => ({ relation, key: WHOLE_KEY })),
    ...keys.entries().flatMap(({ relation, keys: texts }) => texts.map((key) => ({ relation, key }))),
  ];
}
