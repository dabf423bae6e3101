import type { Decide } from '../../lib/rehearsal/run/approver';
import type { PostgresServer } from '../../lib/rehearsal/servers/postgres-server';
import { collector, rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** Slots of a server by what they are for. */
async function slotsOf(server: PostgresServer): Promise<{ readonly taps: number; readonly streams: number }> {
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query<{ name: string }>('select slot_name as name from pg_replication_slots');
    const taps = rows.filter(({ name }) => name.includes('_tap_')).length;
    return { taps, streams: rows.length - taps };
  });
}

test(
  'a cutover that the approver refuses changes nothing: writes and replication go on, nothing keeps WAL back unread',
  async () => {
    const told = collector();
    let slots = { taps: -1, streams: -1 };
    let claim = '';
    let message = '';
    const decide: Decide = async (asked) => {
      message = asked;
      return { answer: 'refuse', by: 'the night shift' };
    };
    const { report, evidence } = await rehearseTiny(
      {
        afterMigration: async ({ source }) => {
          slots = await slotsOf(source);
          claim = await source.withAdmin('postgres', async (session) => {
            const { rows } = await session.query('select phase, execution from sealift.migration');
            return `${rows[0].phase} held by "${rows[0].execution}"`;
          });
        },
      },
      { onEvent: told.onEvent, decide },
    );
    expect(report).toMatchObject({ outcome: 'aborted', writableSide: 'source', refusedApiCalls: [] });
    expect(report.reason?.error).toBe('Blocked');
    expect(report.reason?.cause).toContain('refused by the night shift: not tonight');
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0 });
    expect(slots).toEqual({ taps: 0, streams: 2 });
    expect(claim).toBe('verified held by ""');
    expect(evidence.map(({ name }) => name).join()).not.toContain('cutover');
    const answers = told.events.flatMap((event) => (event.kind === 'answered' ? [event.text] : []));
    expect(message).toMatch(/may the applications move now[\s\S]*VERIFICATION: equal[\s\S]*send-task-success/);
    expect(answers).toEqual(['Asked for approval: the night shift refused']);
  },
  SCENARIO_TIMEOUT_MS,
);
