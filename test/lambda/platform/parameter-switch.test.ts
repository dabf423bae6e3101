import type { Switch } from '../../../lambda/contract/settings';
import { Blocked, NotReady } from '../../../lambda/errors';
import { applicationSwitch, describeSwitch, outageBehind, switchRemedy } from '../../../lambda/platform/switch';
import type { Parameter } from '../../../lib/rehearsal/control-plane/ssm/parameters';
import type { LocalAws } from '../../rehearsal/control-plane/support/local-aws';
import { BACK, failureOf, MASTER_SECRET, SIDES, SOURCE, startSwitchStage, TARGET, TURN } from './switch-stage';

type Choice = Extract<Switch, { kind: 'parameter' }>;

const CANARY = 'canary-Qw42';
let aws: LocalAws;
let count = 0;

beforeAll(async () => {
  aws = await startSwitchStage();
});

afterAll(async () => {
  expect(JSON.stringify(aws.plane.journal())).not.toContain(CANARY);
  await aws.close();
});

function store(value: string | object, type?: Parameter['type']): Parameter {
  count += 1;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return aws.plane.ssm.create(`/shop/database-${count}`, text, type);
}

function of({ name }: Pick<Parameter, 'name'>, fields: Partial<Choice> = {}) {
  const chosen = { kind: 'parameter', parameterName: name, hostField: null, portField: null, ...fields } as const;
  return applicationSwitch({ switch: chosen, masterSecretArn: MASTER_SECRET });
}

const FIELDS = { hostField: 'host', portField: 'port' } as const;
const latest = ({ versions }: Parameter) => versions.at(-1);

/** Somebody else writes `text` right before the migration's next write. */
function interfere(parameter: Parameter, texts: readonly string[]) {
  const left = [...texts];
  const { put } = aws.plane.ssm;
  return jest.spyOn(aws.plane.ssm, 'put').mockImplementation((...args) => {
    const text = left.shift();
    if (text !== undefined) parameter.versions.push(text);
    return put.apply(aws.plane.ssm, args);
  });
}

describe('the switch that is a parameter', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is turned once, whichever way, and keeps what it said in its history', async () => {
    const parameter = store(SOURCE);
    const chosen = of(parameter);
    expect(await chosen.look(SIDES)).toEqual({
      kind: 'parameter',
      name: parameter.name,
      pointsTo: 'source',
      ttlSeconds: null,
    });
    await chosen.turn(TURN);
    await chosen.turn(TURN);
    expect(parameter.versions).toEqual([SOURCE, TARGET.host]);
    expect(await chosen.follow()).toEqual({ host: TARGET.host, port: null });
    await chosen.turn(BACK);
    await chosen.turn(BACK);
    expect(parameter.versions).toEqual([SOURCE, TARGET.host, SOURCE]);
  });

  it('changes two fields of an object and nothing else', async () => {
    const parameter = store({ host: SOURCE, port: '5432', pool: { size: 7 }, note: CANARY });
    await of(parameter, FIELDS).turn(TURN);
    const expected = { host: TARGET.host, port: '5433', pool: { size: 7 }, note: CANARY };
    expect(JSON.parse(latest(parameter) ?? '')).toEqual(expected);
    expect(await of(parameter, FIELDS).follow()).toEqual(TARGET);
  });

  it('never overwrites what leads to neither side, and tells nothing of it', async () => {
    const parameter = store(CANARY);
    expect((await of(parameter).look(SIDES)).pointsTo).toBe('elsewhere');
    const error = await failureOf(of(parameter).turn(TURN), CANARY);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('names neither side, somebody else changed it');
    expect(parameter.versions).toEqual([CANARY]);
  });

  it('carries over what somebody else changed at the same moment', async () => {
    const before = { host: SOURCE, port: 5432, pool: 1 };
    const parameter = store(before);
    interfere(parameter, [JSON.stringify({ ...before, pool: 2 })]);
    await of(parameter, FIELDS).turn(TURN);
    expect(JSON.parse(latest(parameter) ?? '')).toEqual({ ...TARGET, pool: 2 });
  });

  it('puts back what somebody else pointed elsewhere at the same moment', async () => {
    const parameter = store(SOURCE);
    interfere(parameter, [CANARY]);
    const error = await failureOf(of(parameter).turn(TURN), CANARY);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('their value was put back');
    expect(latest(parameter)).toBe(CANARY);
  });

  it('gives up for the moment when it is changed again and again', async () => {
    const parameter = store({ host: SOURCE, port: 5432, pool: 0 });
    const texts = [1, 2, 3, 4].map((pool) => JSON.stringify({ host: SOURCE, port: 5432, pool }));
    interfere(parameter, texts);
    expect(await failureOf(of(parameter, FIELDS).turn(TURN), CANARY)).toBeInstanceOf(NotReady);
  });

  it.each([
    ['does not exist', () => ({ name: '/shop/none' }), {}, /does not exist/],
    ['is encrypted', () => store(SOURCE, 'SecureString'), {}, /is a SecureString, store the host as a String/],
    ['is a list', () => store(`${SOURCE},b`, 'StringList'), {}, /is a StringList/],
    ['is no object', () => store(CANARY), FIELDS, /is no JSON object/],
    ['lacks the field', () => store({ endpoint: CANARY }), FIELDS, /no text in its field "host"/],
  ] as const)('fails clearly when the parameter %s', async (_, make, fields, words) => {
    const error = await failureOf(of(make(), fields).look(SIDES), CANARY);
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toMatch(words);
  });

  it('is spoken of as what it is', () => {
    const facts = { kind: 'parameter', name: '/shop/db', pointsTo: 'source', ttlSeconds: null } as const;
    expect(describeSwitch(facts)).toBe('parameter /shop/db names the source');
    expect(switchRemedy(facts, 'shop-db', 0)).toContain('store the endpoint of shop-db in parameter /shop/db');
    expect(outageBehind('parameter', 0)).toContain('read the parameter again');
  });
});
