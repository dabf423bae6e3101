import { escapeLiteral } from 'pg';

/** The sample's roles that log in, each with a password of the caller's choosing. */
export const SAMPLE_LOGINS = [
  'catalog_app',
  'lineage_app',
  'reporting',
  'steward_amy',
  'batch_import',
  'retired_service',
] as const;

/** A role of the sample that has a password. */
export type SampleLogin = (typeof SAMPLE_LOGINS)[number];

/** A password per login role. */
export type SamplePasswords = Readonly<Record<SampleLogin, string>>;

/** The sample's databases, and who owns and who writes each. */
export const SAMPLE_DATABASES = {
  catalog: { owner: 'catalog_owner', application: 'catalog_app' },
  lineage: { owner: 'lineage_owner', application: 'lineage_app' },
} as const;

/** Name of a database of the sample. */
export type SampleDatabase = keyof typeof SAMPLE_DATABASES;

/**
 * The statements that make the roles: owners without login, a chain of memberships, a login with a connection limit, one
 * that was shut out before (giving the source back must not let it in, fault 73), and a name that needs quotes.
 */
export function createRoles(passwords: SamplePasswords): string {
  const password = (login: SampleLogin) => `password ${escapeLiteral(passwords[login])}`;
  return `
    create role catalog_owner nologin;
    create role lineage_owner nologin;
    create role catalog_reader nologin;
    create role catalog_writer nologin;
    create role data_stewards nologin;
    create role "Ops Team" nologin;
    create role catalog_app login ${password('catalog_app')};
    create role lineage_app login ${password('lineage_app')};
    create role reporting login connection limit 20 ${password('reporting')};
    create role steward_amy login noinherit valid until '2099-12-31 00:00:00+00' ${password('steward_amy')};
    create role batch_import login connection limit 3 ${password('batch_import')};
    create role retired_service nologin ${password('retired_service')};
    grant catalog_reader to catalog_writer;
    grant catalog_writer to data_stewards, catalog_app, batch_import;
    grant data_stewards to steward_amy with admin option;
    grant catalog_owner, lineage_owner to current_user;
    alter role reporting set statement_timeout = '5min';
    alter role lineage_app set timezone = 'America/St_Johns';
    alter role catalog_app set search_path = assets, "$user", public;
  `;
}

/** Settings and grants of the databases themselves, run as their owner, the master. */
export function configureDatabase(database: SampleDatabase): string {
  if (database === 'catalog') {
    return `
      grant create, temporary on database catalog to catalog_owner;
      alter database catalog set timezone = 'Europe/Berlin';
      alter role reporting in database catalog set search_path = assets;
      comment on database catalog is 'Assets, profiles and credentials';
    `;
  }
  return `
    revoke all on database lineage from public;
    grant connect on database lineage to lineage_app, reporting;
    grant create, connect, temporary on database lineage to lineage_owner;
    grant create on schema public to lineage_owner;
    alter database lineage set bytea_output = 'escape';
  `;
}
