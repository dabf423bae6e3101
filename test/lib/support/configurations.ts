/** Configurations for property tests: valid ones with odd names, and ones in which something hostile stands somewhere. */
import * as fc from 'fast-check';
import type { SealiftConfigInput } from '../../../lib';
import { example } from './synthesis';

/** Texts that have broken templates, state machines, shells and SQL elsewhere; `CANARY` is looked for in what is made. */
export const CANARY = 'c4n4ry';

const HOSTILE_TEXTS = [
  `{% $states.input.${CANARY} %}`,
  `\${Token[TOKEN.7]}${CANARY}`,
  `\${AWS::AccountId}${CANARY}`,
  `#{Token[X.1]}`,
  `'); drop table ${CANARY}; --`,
  `" or ""="${CANARY}`,
  `$(touch /${CANARY})\`${CANARY}\``,
  `${CANARY}\r\nX-Header: 1`,
  `${CANARY}\u0000`,
  `${CANARY}\u202egnp.exe`,
  `{{resolve:secretsmanager:${CANARY}:SecretString:password}}`,
  `{"Fn::GetAtt":["${CANARY}","Arn"]}`,
  'arn:aws-cn:kms:cn-north-1:123456789012:key/0a1b2c3d',
  'arn:aws:iam::999999999999:role/other',
  `arn:aws:secretsmanager:eu-central-1:123456789012:secret:*-Ab12Cd`,
  '*',
  '../../etc/passwd',
  '',
  ' ',
  'Größe-Ω-数据',
  'x'.repeat(100_000),
];

/** A text that no field should take, or that a field takes and must carry harmlessly. */
export const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  fc.string({ unit: 'binary', maxLength: 300 }),
);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e308, Number.NaN, [], {}, [[]]),
  fc.constantFrom<unknown>({ 'Fn::Sub': 'Region' }, { Ref: 'Key' }, { __proto__: null, toString: 'x' }),
  fc.array(hostileText, { maxLength: 20 }),
  fc.dictionary(hostileText, hostileText, { maxKeys: 5 }),
  fc.constant(Array.from({ length: 5_000 }, (_, index) => `name-${index}`)),
  fc.constant(JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`)),
);

const letters = (least: number, most: number) => fc.stringMatching(new RegExp(`^[a-z][a-z0-9]{${least},${most}}$`));
const hex = fc.stringMatching(/^[0-9a-f]{17}$/);
const text = (characters: RegExp) => fc.stringMatching(characters);

const ACCOUNT = 'eu-central-1:123456789012';

/** One switch of every kind but the example's. */
const OTHER_SWITCHES: readonly SealiftConfigInput['switch'][] = [
  { kind: 'secret', secretArn: `arn:aws:secretsmanager:${ACCOUNT}:secret:shop/database-Cd34Ef` },
  { kind: 'parameter', parameterName: '/shop/database', hostField: 'host', portField: 'port' },
  {
    kind: 'rds-proxy',
    proxyName: 'shop',
    securityGroupId: '',
    proxyArn: `arn:aws:rds:${ACCOUNT}:db-proxy:prx-0123456789abcdef0`,
    targetGroupArn: `arn:aws:rds:${ACCOUNT}:target-group:prx-tg-0123456789abcdef0`,
  },
  { kind: 'hook', functionArn: `arn:aws:lambda:${ACCOUNT}:function:turn` },
];

/** A name of the database, as odd as PostgreSQL lets it be. */
const objectName = hostileText
  .map((name) => `n${name}`)
  .filter((name) => Buffer.byteLength(name) <= 63 && /^[^"\p{Cc}]+$/u.test(name) && !/[$#]\{Token\[/.test(name));

/** What is pruned; few entries, because they share the room of a function's environment. */
const prune = fc.record(
  {
    entries: fc.uniqueArray(
      fc.record(
        {
          database: objectName,
          schema: objectName,
          table: objectName,
          column: objectName,
          olderThan: text(/^[1-9]\d{0,3} (day|week|month|year)s?$/),
          children: fc.oneof(
            fc.constant('auto' as const),
            fc.array(fc.record({ table: objectName, column: objectName }), { minLength: 1, maxLength: 2 }),
          ),
          keepLast: fc.integer({ min: 1, max: 1_000_000 }),
          batchRows: fc.integer({ min: 1, max: 100_000 }),
          partitions: fc.constantFrom('rows' as const, 'drop' as const),
          confirmed: fc.boolean(),
        },
        { requiredKeys: ['database', 'table', 'column', 'olderThan'] },
      ),
      { maxLength: 3, selector: ({ database, schema, table }) => JSON.stringify([database, schema, table]) },
    ),
    tolerance: fc.double({ min: 0, max: 1, noNaN: true }),
    maxShare: fc.double({ min: 0, max: 1, noNaN: true }),
    timeZone: text(/^[A-Za-z][\w+/-]{0,30}$/),
    workers: fc.integer({ min: 1, max: 8 }),
  },
  { requiredKeys: ['entries'] },
);

/** A valid configuration, with whatever odd text a field takes. */
export const validConfiguration: fc.Arbitrary<SealiftConfigInput> = fc
  .record({
    migration: text(/^[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?$/).filter(
      (id) => !/-(assess|prune|scan|replicate|cutover|migrate)/.test(id),
    ),
    instanceId: letters(0, 40),
    port: fc.integer({ min: 1150, max: 65535 }),
    clients: fc.uniqueArray(
      hex.map((id) => `sg-${id}`),
      { minLength: 1, maxLength: 5 },
    ),
    major: fc.integer({ min: 13, max: 18 }),
    storage: fc.integer({ min: 20, max: 65536 }),
    multiAz: fc.boolean(),
    parameters: fc.dictionary(
      text(/^[a-z][a-z_]{3,20}$/).map((name) => `custom.${name}`),
      hostileText.filter((value) => /^\P{Cc}{1,1024}$/u.test(value) && !/[$#]\{Token\[/.test(value)),
      { maxKeys: 4 },
    ),
    existingKey: fc.boolean(),
    objectLockDays: fc.option(fc.integer({ min: 1, max: 3650 }), { nil: undefined }),
    boundary: fc.boolean(),
    excludeDatabases: fc.uniqueArray(
      hostileText.filter(
        (name) => Buffer.byteLength(name) <= 63 && /^[^\0]+$/.test(name) && !/[$#]\{Token\[/.test(name),
      ),
      { maxLength: 6 },
    ),
    tags: fc.dictionary(
      text(/^[A-Za-z0-9 _.=+@-]{1,30}$/).map((name) => `t${name}`),
      text(/^[\w Ωß:/=+@.-]{1,60}$/u),
      {
        maxKeys: 6,
      },
    ),
    email: fc.option(text(/^[a-z"'<>${}%]{1,20}$/), { nil: undefined }),
    prune,
    quiet: fc.boolean(),
    approvalRequired: fc.boolean(),
    switch: fc.constantFrom<SealiftConfigInput['switch']>(example().switch, ...OTHER_SWITCHES),
  })
  .map((given) => {
    const base = example();
    return {
      ...base,
      migration: given.migration,
      source: { ...base.source, instanceId: given.instanceId, port: given.port },
      network: { ...base.network, clients: given.clients },
      target: {
        ...base.target,
        engineVersion: `${given.major}.${given.port % 20}`,
        allocatedStorageGib: given.storage,
        multiAz: given.multiAz,
        parameters: given.parameters,
      },
      key: given.existingKey
        ? {
            kind: 'existing' as const,
            arn: 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000',
          }
        : { kind: 'create' as const },
      ...(given.objectLockDays !== undefined && { evidence: { objectLockDays: given.objectLockDays } }),
      ...(given.boundary && { permissionsBoundaryArn: 'arn:aws:iam::123456789012:policy/boundary' }),
      prune: given.prune,
      policy: { excludeDatabases: given.excludeDatabases },
      approval: { required: given.approvalRequired },
      notifications: {
        emails: given.email === undefined ? [] : [`${given.email}@example.com`],
        phases: given.quiet ? ('failures' as const) : ('all' as const),
      },
      // The target must admit the proxy.
      switch:
        given.switch.kind === 'rds-proxy' ? { ...given.switch, securityGroupId: given.clients[0] ?? '' } : given.switch,
      tags: given.tags,
    };
  });

/** A valid configuration in which one value, somewhere, was replaced by a hostile one, or a key added. */
export const hostileConfiguration: fc.Arbitrary<unknown> = fc
  .tuple(validConfiguration, hostileValue, fc.nat(), fc.option(hostileText, { nil: undefined }))
  .map(([config, value, choice, addedKey]) => {
    const whole: unknown = structuredClone(config);
    const places = placesIn(whole);
    const place = places[choice % places.length];
    if (place === undefined) return value;
    const key = addedKey !== undefined && !Array.isArray(place.holder) ? addedKey : place.key;
    Object.defineProperty(place.holder, key, { value, enumerable: true, configurable: true, writable: true });
    return whole;
  });

interface Place {
  readonly holder: object;
  readonly key: string;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }, ...placesIn(inner)]);
}
