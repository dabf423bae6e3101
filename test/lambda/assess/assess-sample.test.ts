import { Client } from 'pg';
import { longTransactions } from '../../../lambda/assess/sql/server';
import { loadSample } from '../../../lib/rehearsal/sample/load-sample';
import { SAMPLE_LOGINS, type SamplePasswords } from '../../../lib/rehearsal/sample/roles';
import { AssessedSource, MASTER } from './assessed-source';

describe.each([17, 15])('assess of the sample on PostgreSQL %i', (major) => {
  let source: AssessedSource;
  beforeAll(async () => {
    source = await AssessedSource.start(major);
    const passwords = Object.fromEntries(SAMPLE_LOGINS.map((login) => [login, `password of ${login}`]));
    const ssl = { ca: source.server.caPem };
    await loadSample({
      size: 'tiny',
      passwords: passwords as SamplePasswords,
      connect: async (database) => {
        const session = {
          host: 'localhost',
          port: source.server.port,
          user: MASTER.username,
          password: MASTER.password,
        };
        const client = new Client({ ...session, database, ssl });
        await client.connect();
        return client;
      },
    });
  });
  afterAll(() => source.close());

  it('blocks nothing that the rehearsal allows, and names what is odd about it', async () => {
    const before = await source.fingerprint();
    const { output, report, check } = await source.assess();
    expect(output.blocks).toEqual([]);
    expect(await source.fingerprint()).toEqual(before);
    const warnings = report.checks.filter(({ verdict }) => verdict === 'warn').map(({ id }) => id);
    expect(warnings).toEqual(expect.arrayContaining(['replica-identity', 'unlogged-tables']));
    expect(warnings).not.toContain('search-path');
    expect(output.databases.map(({ name }) => name)).toEqual(expect.arrayContaining(['catalog', 'lineage']));
    expect(check('login-roles').detail).toMatch(/all \d+ application roles/);
  });

  it('blocks its keyless table when the configuration says so', async () => {
    const { output } = await source.assess({ policy: { missingReplicaIdentity: 'block' } });
    expect(output.blocks.map(({ id }) => id)).toEqual(['replica-identity']);
  });

  it('finds a transaction that has written, and no reader', async () => {
    await source.server.withAdmin('catalog', async (session) => {
      const { text, values } = longTransactions(0, 'sealift/');
      const look = async () => (await session.query<{ role: string }>(text, [...(values ?? [])])).rows;
      const other = await source.server.admin('catalog');
      await other.query('begin; select 1');
      expect(await look()).toEqual([]);
      await other.query('create temporary table written (id int)');
      expect(await look()).toMatchObject([{ role: 'rdsadmin', database: 'catalog', seconds: 0 }]);
      await other.end();
    });
  });
});
