import { AssessedSource } from './assessed-source';
import { IDENTITY_CASES } from './cases/identity-cases';
import { firesUntilCured } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

describe('assess fires, and is silent after the remedy:', () => {
  it('and changes nothing when a keyless table belongs to a role that the master user cannot join', async () => {
    await source.admin('app', 'create role stranger', 'create table keyless (body text)');
    await source.admin('app', 'alter table keyless owner to stranger');
    const before = await source.fingerprint();
    const { output } = await source.assess();
    expect(output.blocks.map(({ id }) => id).sort()).toEqual(['replica-identity', 'table-owners']);
    expect(await source.fingerprint()).toEqual(before);
    await source.admin('app', 'drop table keyless', 'drop role stranger');
  });

  firesUntilCured(() => source, IDENTITY_CASES);
});
