import fc from 'fast-check';
import { readEndpointSettings } from '../../../lib/rehearsal/control-plane/dms/endpoint-settings';
import { type Mapping, mapValue } from '../../../lib/rehearsal/control-plane/dms/move/mapping';
import { sees } from '../../../lib/rehearsal/control-plane/dms/move/snapshot';
import { parseDecodedLine } from '../../../lib/rehearsal/control-plane/dms/move/test-decoding';
import { lsnNumber, readStartPosition, writeCheckpoint } from '../../../lib/rehearsal/control-plane/dms/positions';
import { readTableMappings, removes, selects } from '../../../lib/rehearsal/control-plane/dms/table-mappings';

describe('a line of test_decoding', () => {
  const name = fc.string({ minLength: 1, maxLength: 12 });
  const column = fc.record({
    name,
    type: fc.constantFrom('integer', 'text[]', 'timestamp with time zone', 'numeric(10,2)', '"o]dd".t', '"a[""b"[]'),
    value: fc.oneof(fc.constant(null), fc.string()),
  });
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const literal = (text: string | null) => (text === null ? 'null' : `'${text.replaceAll("'", "''")}'`);

  it('gives back every name and value, whatever they hold', () => {
    fc.assert(
      fc.property(
        name,
        name,
        fc.array(column, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (schema, table, columns, withOld) => {
          const tuple = columns.map((each) => ` ${quoted(each.name)}[${each.type}]:${literal(each.value)}`).join('');
          const old = withOld ? ` old-key:${tuple} new-tuple:` : '';
          const line = `table ${quoted(schema)}.${quoted(table)}: UPDATE:${old}${tuple}`;
          const row = columns.map((each) => ({ ...each, unchanged: false }));
          expect(parseDecodedLine(line)).toEqual({
            kind: 'change',
            change: { kind: 'update', schema, table, old: withOld ? row : [], row },
          });
        },
      ),
    );
  });

  it('tells transactions, truncations, rows without data and large values left alone', () => {
    expect(parseDecodedLine('BEGIN 744')).toEqual({ kind: 'begin', xid: '744' });
    expect(parseDecodedLine('COMMIT 744 (at 2026-01-02 03:04:05.678901+00)')).toEqual({
      kind: 'commit',
      committedAt: Date.parse('2026-01-02T03:04:05.678Z'),
    });
    expect(parseDecodedLine('table public.a, public.b: TRUNCATE: (no-flags)')).toEqual({ kind: 'truncate' });
    expect(parseDecodedLine('table public.a: DELETE: (no-tuple-data)')).toMatchObject({ change: { old: [], row: [] } });
    expect(
      parseDecodedLine("table public.a: UPDATE: id[integer]:-1 t[text]:unchanged-toast-datum b[bit]:B'01'"),
    ).toMatchObject({
      change: { row: [{ value: '-1' }, { value: null, unchanged: true }, { value: '01' }] },
    });
    expect(() => parseDecodedLine('something else')).toThrow('cannot be read');
  });
});

describe('a snapshot', () => {
  it('sees what had ended before it, and nothing that ran or came later', () => {
    const snapshot = `${2n ** 32n + 10n}:${2n ** 32n + 20n}:${2n ** 32n + 12n},${2n ** 32n + 15n}`;
    const seen = Array.from({ length: 15 }, (_, index) => index + 8).filter((xid) => sees(snapshot, String(xid)));
    expect(seen).toEqual([8, 9, 10, 11, 13, 14, 16, 17, 18, 19]);
  });
});

describe('selection rules', () => {
  const rule = (id: number, schema: string, table: string, action: string) => ({
    'rule-type': 'selection',
    'rule-id': id,
    'rule-name': `rule ${id}`,
    'object-locator': { 'schema-name': schema, 'table-name': table },
    'rule-action': action,
  });

  it('include by wildcards, exclude before that, and take brackets and explicit names literally', () => {
    const rules = readTableMappings(
      JSON.stringify({
        rules: [
          rule(1, 'shop', 'o%', 'include'),
          rule(2, 'shop', 'old[_]%', 'exclude'),
          rule(3, 'Odd.', 'a%b', 'explicit'),
          rule(4, 'one', 'a_c', 'include'),
        ],
      }),
    );
    const chosen = [
      ['shop', 'orders'],
      ['shop', 'old_orders'],
      ['shop', 'oldxorders'],
      ['Odd.', 'a%b'],
      ['Odd.', 'axb'],
      ['one', 'a.c'],
      ['one', 'abbc'],
      ['else', 'orders'],
    ].filter(([schema = '', table = '']) => selects(rules.selections, schema, table));
    expect(chosen.map((each) => each.join(' '))).toEqual(['shop orders', 'shop oldxorders', 'Odd. a%b', 'one a.c']);
  });

  it('leave out a column by its exact name, and refuse any other transformation', () => {
    const transformed = (action: string, columnName: string) => ({
      rules: [
        rule(1, 'shop', 'orders', 'include'),
        {
          'rule-type': 'transformation',
          'rule-id': '2',
          'rule-name': '2',
          'rule-target': 'column',
          'rule-action': action,
          'object-locator': { 'schema-name': 'sho[p]', 'table-name': 'orders', 'column-name': columnName },
        },
      ],
    });
    const { removed } = readTableMappings(JSON.stringify(transformed('remove-column', 'Total')));
    expect(removes(removed, 'shop', 'orders', 'Total')).toBe(true);
    expect(removes(removed, 'shop', 'orders', 'total')).toBe(false);
    expect(removes(removed, 'shop', 'others', 'Total')).toBe(false);
    for (const [action, column] of [
      ['rename', 'Total'],
      ['remove-column', 'a-b'],
    ] as const) {
      expect(() => readTableMappings(JSON.stringify(transformed(action, column)))).toThrow('DMS table mappings');
    }
  });

  it('must have ids of their own, and include something', () => {
    const twice = { rules: [rule(1, 'a', 'b', 'include'), rule(1, 'c', 'd', 'include')] };
    expect(() => readTableMappings(JSON.stringify(twice))).toThrow('a rule-id of its own');
    expect(() => readTableMappings(JSON.stringify({ rules: [rule(1, 'a', 'b', 'exclude')] }))).toThrow('that includes');
  });
});

describe('a large value in limited mode', () => {
  const lob = { mode: 'limited', limitKb: 1, inlineKb: 0 } as const;
  const mapping: Mapping = { booleans: 'boolean', trimChar: false, lob, failOnTruncation: false };
  const column = (type: string) => ({ name: 'c', type, declared: type, kind: 'lob' }) as const;

  it('is cut at the limit in bytes, never within a character, and left alone below it', () => {
    const length = (type: string, value: string) => mapValue(column(type), value, mapping).value?.length;
    expect([length('text', 'x'.repeat(1_024)), length('text', 'x'.repeat(1_025))]).toEqual([1_024, 1_024]);
    expect([length('text', 'é'.repeat(512)), length('text', 'é'.repeat(513))]).toEqual([512, 512]);
    expect([length('bytea', `\\x${'00'.repeat(1_024)}`), length('bytea', `\\x${'00'.repeat(2_000)}`)]).toEqual([
      2_050, 2_050,
    ]);
    expect(mapValue(column('text'), 'x'.repeat(1_025), mapping).cut).toBe(true);
  });
});

describe('positions', () => {
  it('are read back from a checkpoint, and compare as numbers', () => {
    expect(writeCheckpoint('132/F000E48')).toBe('checkpoint:V1#34#00000132/0F000E48#0#0#*#0#121');
    expect(readStartPosition(writeCheckpoint('1A/FF00'))).toBe('1A/FF00');
    expect(lsnNumber('1/0') > lsnNumber('0/FFFFFFFF')).toBe(true);
    expect(() => readStartPosition('yesterday')).toThrow('must be an LSN or a checkpoint');
  });
});

describe('endpoint settings', () => {
  const secret = { SecretsManagerSecretId: 's', SecretsManagerAccessRoleArn: 'r' };

  it('have the defaults of DMS, and may be said as extra connection attributes', () => {
    expect(readEndpointSettings(secret, null)).toMatchObject({
      captureDdls: true,
      trimSpaceInChar: true,
      mapBooleanAsBoolean: false,
      heartbeat: null,
    });
    const attributes =
      "afterConnectScript=SET session_replication_role='replica';captureDDLs=N;heartbeatEnable=true;heartbeatFrequency=2";
    expect(readEndpointSettings(secret, attributes)).toMatchObject({
      afterConnectScript: "SET session_replication_role='replica'",
      captureDdls: false,
      heartbeat: { schema: 'public', everyMinutes: 2 },
    });
  });

  it.each([
    [
      'a plug-in that servers of a rehearsal lack',
      { ...secret, PluginName: 'pglogical' },
      null,
      'PluginName pglogical',
    ],
    ['a setting that is not known', { ...secret, Unheard: 1 }, null, 'member Unheard'],
    ['an attribute that is not known', secret, 'unheard=1', 'extra connection attribute unheard'],
    ['a password in the clear', { Username: 'u', Password: 'p' }, null, 'member Username'],
    ['nothing to log in with', {}, null, 'without SecretsManagerSecretId'],
    ['something said twice', { ...secret, SlotName: 'a' }, 'slotName=b', 'both an endpoint setting'],
  ])('are refused with %s', (_, settings, attributes, reason) => {
    expect(() => readEndpointSettings(settings, attributes)).toThrow(reason);
  });
});
