/** Why a stream does not advance, in words with the remedy: a decision without a server, so that every cause can be listed. */

/** A session that stands in the way. */
export interface Holder {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  /** Seconds that its transaction is open; null when that may not be seen. */
  readonly seconds: number | null;
}

/** What was seen around the stream of one database. */
export interface Symptoms {
  readonly database: string;
  /** Its slot on the source. */
  readonly stream: string;
  /** Somebody reads from the slot. */
  readonly active: boolean;
  readonly walStatus: string;
  /** Null when nothing limits the slot. */
  readonly safeWalBytes: number | null;
  readonly retainedWalBytes: number;
  /** The subscription's worker runs on the target. */
  readonly working: boolean;
  /** The role by which the target reads, and what it may; null when it is gone. */
  readonly role: { readonly name: string; readonly mayLogIn: boolean; readonly mayStream: boolean } | null;
  /** Whoever has been writing on the source for the longest; null when nobody writes. */
  readonly writer: Holder | null;
  /** Whoever holds a lock that apply waits for; null when it waits for none. */
  readonly blocker: Holder | null;
}

/** A transaction that is open for longer keeps WAL that nobody else needs. */
const LONG_TRANSACTION_SECONDS = 60;

/** Every cause that the symptoms show, the one to be put right first at the front; empty when none shows. */
export function diagnose(symptoms: Symptoms): string[] {
  return [whyUnread(symptoms), whyBlocked(symptoms), whyKept(symptoms), whyScarce(symptoms)].flat();
}

/** Nobody reads from the slot: the role may not, or the worker does not run. */
function whyUnread({ active, role, working, stream, database }: Symptoms): string[] {
  if (active) return [];
  const slot = `slot ${stream} of source database ${JSON.stringify(database)} has no reader`;
  if (role === null) return [`${slot}: the role of the replication is gone, release the migration and start again`];
  if (!role.mayLogIn) {
    return [`${slot}: role ${role.name} may not log in any more, run \`alter role ${role.name} login\` on the source`];
  }
  if (!role.mayStream) {
    return [`${slot}: role ${role.name} may not stream, run \`grant rds_replication to ${role.name}\` on the source`];
  }
  if (!working) {
    return [
      `${slot}: the worker of the subscription on the target does not run; look at the target's log, at its ` +
        'max_logical_replication_workers and max_worker_processes, and whether the target may reach the source',
    ];
  }
  return [`${slot}, although the worker on the target runs: it connects anew, look again; the source's log says why`];
}

function whyBlocked({ blocker, stream, database }: Symptoms): string[] {
  if (blocker === null) return [];
  return [
    `apply of ${stream} waits for a lock in target database ${JSON.stringify(database)} that ${inWords(blocker)} holds: let it ` +
      `end, or run \`select pg_terminate_backend(${blocker.pid})\` on the target`,
  ];
}

/** What a transaction writes is sent at its commit, and the slot keeps WAL from its beginning on (facts A12). */
function whyKept({ writer, stream, retainedWalBytes }: Symptoms): string[] {
  if (writer === null || (writer.seconds ?? 0) < LONG_TRANSACTION_SECONDS) return [];
  return [
    `${inWords(writer)} holds a transaction on the source: what it writes is sent when it commits, and slot ${stream} keeps ` +
      `${retainedWalBytes} bytes of WAL meanwhile; let it end, or run \`select pg_terminate_backend(${writer.pid})\` on the source`,
  ];
}

function whyScarce({ walStatus, safeWalBytes, stream, retainedWalBytes }: Symptoms): string[] {
  if (walStatus !== 'extended' && walStatus !== 'unreserved') return [];
  const left = safeWalBytes === null ? '' : ` and is lost after ${safeWalBytes} more`;
  const grown = walStatus === 'unreserved' ? 'will be lost at the next checkpoint' : 'keeps more WAL than max_wal_size';
  return [
    `slot ${stream} ${grown} (wal_status ${walStatus}): it keeps ${retainedWalBytes} bytes${left}; raise ` +
      "max_slot_wal_keep_size or the source's storage, or write less until the target has caught up",
  ];
}

function inWords({ pid, user, application, seconds }: Holder): string {
  const open = seconds === null ? '' : `, open for ${seconds} s`;
  return `process ${pid} of ${user ?? 'an unknown user'} (application ${JSON.stringify(application ?? '')}${open})`;
}
