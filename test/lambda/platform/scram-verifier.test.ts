import fc from 'fast-check';
import { Client } from 'pg';
import { Blocked } from '../../../lambda/errors';
import { scramVerifier } from '../../../lambda/platform/scram-verifier';
import { MASTER, Stage } from '../seed/stage';

describe('the SCRAM verifier', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start(17);
  });
  afterAll(() => stage.close());

  const login = async (password: string) => {
    const client = new Client({
      host: '127.0.0.1',
      port: stage.source.port,
      user: 'scram_probe',
      password,
      database: 'postgres',
      ssl: { ca: stage.authority.caPem, checkServerIdentity: () => undefined },
    });
    await client.connect();
    await client.end();
  };

  it('lets in every printable password and no other', async () => {
    await stage.source.withAdmin('postgres', (session) => session.query('create role scram_probe login'));
    const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(printable, async (password) => {
        await stage.source.withAdmin('postgres', (session) =>
          session.query(`alter role scram_probe password ${session.escapeLiteral(scramVerifier(password))}`),
        );
        await login(password);
        await expect(login(`${password}x`)).rejects.toThrow();
      }),
      { numRuns: 25 },
    );
  });

  it('fails on an empty password and on one that clients may prepare differently', () => {
    expect(() => scramVerifier('')).toThrow(Blocked);
    expect(() => scramVerifier('pass\u00adword')).toThrow(Blocked);
    expect(scramVerifier(MASTER.password)).not.toContain(MASTER.password);
  });
});
