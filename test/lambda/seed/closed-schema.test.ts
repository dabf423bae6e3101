import { claimOn } from '../../../lambda/seed/claim';
import { prepareOn } from '../../../lambda/seed/prepare';
import { releaseOn } from '../../../lambda/seed/release';
import { catalogFacts } from './catalog-facts';
import { DATABASES, EXECUTION, MASTER, REPLICATION, Stage } from './stage';

describe('a schema that only its owner and the application may use', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(17);
    await stage.source.withAdmin('app', (session) =>
      session.query(`create role schema_owner nologin; create role table_owner nologin;
        grant schema_owner, table_owner to ${MASTER.username} with admin option, inherit false, set false;
        create schema hidden authorization schema_owner;
        create table hidden.kept (id int primary key);
        alter table hidden.kept owner to table_owner;
        grant usage on schema hidden to app_writer;
        grant all on hidden.kept to app_writer`),
    );
  });
  afterAll(() => stage?.close());

  it('is published, and the master user leaves its owner again', async () => {
    const before = await catalogFacts(stage.source, DATABASES);
    const claiming = stage.world('claim', '0');
    const claim = { execution: EXECUTION, databases: DATABASES, takeOver: null, mode: 'hold' } as const;
    const { epoch } = await claimOn(stage.server('source', stage.source, claiming), claim, claiming);
    const world = stage.world('prepare', epoch);
    await prepareOn(stage.server('source', stage.source, world), DATABASES, REPLICATION, world);
    const published = await stage.source.withAdmin('app', (session) =>
      session.query(`select tablename from pg_publication_tables where schemaname = 'hidden'`),
    );
    expect(published.rows).toEqual([{ tablename: 'kept' }]);
    const releasing = stage.world('release', epoch);
    const source = stage.server('source', stage.source, releasing);
    await releaseOn(source, null, { execution: EXECUTION, epoch, databases: DATABASES }, releasing);
    expect(await catalogFacts(stage.source, DATABASES)).toEqual(before);
  });
});
