/** One pair of majors through the whole schema: planned, made with the rows' place between, compared. */
import { AFTER_ROWS, BEFORE_ROWS } from '../../../../lambda/copy/schema/items';
import { type MakeProgress, makeItems } from '../../../../lambda/copy/schema/make';
import { planSchema, queueSchema, type SchemaPlan } from '../../../../lambda/copy/schema/plan-schema';
import { catalogueOf, differences, type Statement } from './catalogue';
import { LIMITS, type Pair, worldOf } from './pair';

/** Roles of `nasty.sql`, for a master user that is a member of each. */
export const ROLES = ['nasty_owner', 'nasty_reader', 'Odd "Owner", really'];

/** Makes the roles of a schema as the target's master would. */
export async function makeRolesOf(pair: Pair): Promise<void> {
  const home = await pair.connect('target').home();
  for (const role of ROLES) {
    const name = `"${role.replaceAll('"', '""')}"`;
    await home.query({ text: `create role ${name} nologin` });
    await home.query({ text: `grant ${name} to current_user` });
  }
}

/** Plans and queues the schema of a database. */
export async function planOf(pair: Pair, database: string): Promise<SchemaPlan> {
  const expected = await pair.claim(database);
  const target = pair.connect('target');
  const options = { database, limits: LIMITS, skipExtensions: [] };
  const plan = await planSchema(await pair.connectAsAdmin('source'), target, options);
  await queueSchema(target, database, plan, expected);
  return plan;
}

/** Empties both queues. */
export async function makeAll(pair: Pair, database: string): Promise<MakeProgress> {
  const expected = await pair.claim(database);
  const target = pair.connect('target');
  const options = { database, parallel: 3, expected };
  await makeItems(target, { ...options, queue: BEFORE_ROWS }, worldOf());
  return makeItems(target, { ...options, queue: AFTER_ROWS }, worldOf());
}

/**
 * What the target has otherwise than the source, beyond what the plan says: a statement may be missing only where the plan leaves its
 * object out, and what RDS's roles own belongs to the master.
 */
export async function unexplained(pair: Pair, database: string, { leftOut }: SchemaPlan) {
  const explained = new Set(leftOut.filter(({ loss }) => loss !== 'nothing').map(({ object }) => object));
  const [source, target] = await Promise.all(
    (['source', 'target'] as const).map(async (side) => catalogueOf(await pair.connectAsAdmin(side), database)),
  );
  const sameMajor = pair.source.major === pair.target.major;
  const lines = (all: readonly Statement[] = []): string[] =>
    all.filter(({ object }) => !explained.has(object)).map(({ line }) => (sameMajor ? line : inEveryMajor(line)));
  return differences(lines(source), lines(target));
}

/** Majors qualify the columns of a view differently, and 17 knows one privilege more. */
function inEveryMajor(line: string): string {
  if (/^\S+ (VIEW|MATERIALIZED VIEW|RULE) /.test(line)) return line.replaceAll(/(?:"(?:[^"]|"")*"|\w+)\./g, '');
  return line
    .replace('REVOKE SELECT,INSERT,REFERENCES,DELETE,TRIGGER,TRUNCATE,UPDATE', 'REVOKE ALL')
    .replace(',MAINTAIN', '');
}
