import { Silence } from './silence';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

// A run that succeeds is listened to in `migration.test.ts`.
test(
  'a run that finds rows that differ tells no password, host, row or connection string in a state, log, notification, report or template',
  async () => {
    const silence = new Silence();
    const test = silence.around({
      chooseSeedLsn:
        ({ source }) =>
        () =>
          source.withAdmin('postgres', async (session) => {
            const { rows } = await session.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
            return rows[0]?.lsn ?? '0/0';
          }),
    });
    const rehearsal = await rehearseTiny(test, { onEvent: silence.onEvent });
    expect(rehearsal.report.outcome).toBe('aborted');
    await silence.expectKept(rehearsal);
  },
  SCENARIO_TIMEOUT_MS,
);
