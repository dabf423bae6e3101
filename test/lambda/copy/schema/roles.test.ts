import { makeRoles, partsOf, readRoles } from '../../../../lambda/copy/schema/roles';
import { MASTER, Pair } from './pair';

const PASSWORD = 'kept-before-it-was-given';
const ROLES = `
  create role owning nologin; create role reading nologin;
  create role app login password 'x' connection limit 7 valid until '2099-01-01 00:00:00+00' noinherit;
  create role "Odd ""Role""" login; create role strong superuser replication bypassrls createdb createrole;
  create role sealift_own login;
  comment on role app is 'an application; really';
  grant owning, reading to app; grant owning to "Odd ""Role""" with admin option; grant rds_superuser to app;
  grant sealift_own to app; grant owning to dbadmin;
  alter role app set search_path = "Odd, name", "$user", public; alter role app in database shop set work_mem = '7MB';
  alter database shop set timezone = 'Europe/Berlin'; alter database shop set "app.name" = 'it''s; ok';
  alter role reading set log_statement = 'all'; alter role reading set role = 'owning';
  revoke all on database shop from public; grant connect on database shop to app with grant option;
  grant create, temporary on database shop to "Odd ""Role"""`;

/** Everything about roles that a server says, without the roles that every server has. */
const SAID = `select 'role ' || rolname || ' ' || rolcanlogin || rolinherit || rolcreaterole || rolcreatedb || rolconnlimit
    || coalesce(rolvaliduntil at time zone 'UTC' || '', '-') || coalesce(shobj_description(oid, 'pg_authid'), '') as line
  from pg_roles where rolname !~ '^(pg_|rds|dbadmin|sealift)'
  union all
  select 'member ' || m.rolname || ' of ' || r.rolname || bool_or(admin_option)
  from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
  where m.rolname !~ '^(pg_|rds|dbadmin)' and r.rolname !~ '^sealift' group by m.rolname, r.rolname
  union all
  select 'set ' || coalesce(r.rolname, '') || coalesce(d.datname, '') || setconfig::text
  from pg_db_role_setting left join pg_roles r on r.oid = setrole left join pg_database d on d.oid = setdatabase
  union all
  select 'right ' || datname || coalesce(pg_get_userbyid(nullif(grantee, 0)), '') || privilege_type || is_grantable
  from pg_database, aclexplode(datacl) where datname = 'shop' and grantee <> datdba order by 1`;

it.each([
  [15, 15],
  [15, 17],
])('roles of %i come to %i with memberships, settings and rights, twice as well as once', async (from, to) => {
  const pair = await Pair.start(from, to);
  try {
    await pair.run('source', 'shop', ROLES);
    await pair.run('target', 'shop', '');
    const home = await pair.connect('target').home();
    const source = await (await pair.connectAsAdmin('source')).home();
    const plan = await readRoles(source, 'sealift_own', ['shop']);
    const asked: string[] = [];
    const options = {
      sourceMaster: MASTER.username,
      targetMaster: MASTER.username,
      passwordOf: async (role: string) => {
        asked.push(role);
        return PASSWORD;
      },
    };
    const made = await home.transaction(() => makeRoles(home, plan, options));
    expect(await home.transaction(() => makeRoles(home, plan, options))).toEqual(made);

    expect(made.newPasswords).toEqual(['Odd "Role"', 'app']);
    const [said, expected] = await Promise.all([
      home.query<{ line: string }>({ text: SAID }),
      source.query<{ line: string }>({ text: SAID }),
    ]);
    const refused = made.leftOut.map(({ rule, object }) => `${rule}: ${object}`);
    const unlike = expected.filter(({ line }) => !said.some((other) => other.line === line)).map(({ line }) => line);
    const named = ['superuser', 'replication', 'bypassrls'].map((attribute) => `attribute ${attribute}: strong`);
    // From 16 on the master is no superuser, and only they set what no extension has declared.
    const undeclared = to < 16 ? [] : ['app.name'];
    expect(refused).toEqual([...named, ...undeclared.map((name) => `refused setting: ${name} of shop`)]);
    expect(unlike.filter((line) => !undeclared.some((name) => line.includes(name)))).toEqual([]);
    const app = pair.connect('target', 'test', { username: 'app', password: PASSWORD });
    await expect(app.session('shop')).resolves.toBeDefined();
  } finally {
    await pair.close();
  }
});

it('takes a list of names apart as PostgreSQL wrote it, and nothing else', () => {
  expect(partsOf({ name: 'search_path', value: '"Odd, name", "$user", public' })).toEqual([
    'Odd, name',
    '$user',
    'public',
  ]);
  expect(partsOf({ name: 'search_path', value: '""' })).toEqual(['']);
  expect(partsOf({ name: 'app.list', value: 'a, b' })).toEqual(['a, b']);
});
