import * as fc from 'fast-check';
import type { Switch } from '../../../lambda/contract/settings';
import { Blocked, NotReady } from '../../../lambda/errors';
import { changeEndpoint, readEndpoint } from '../../../lambda/platform/endpoint-text';
import { applicationSwitch, describeSwitch, switchRemedy } from '../../../lambda/platform/switch';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import type { Secret } from '../../../lib/rehearsal/control-plane/secrets/secrets';
import { ACCOUNT, type LocalAws, REGION } from '../../rehearsal/control-plane/support/local-aws';
import { failureOf as failing, MASTER_SECRET, SIDES, SOURCE, startSwitchStage, TARGET, TURN } from './switch-stage';

type SecretChoice = Extract<Switch, { kind: 'secret' }>;

const CANARY = 'canary-Zk81';
let aws: LocalAws;
let count = 0;

beforeAll(async () => {
  aws = await startSwitchStage();
});

afterAll(async () => {
  // No value of any secret is in what the calls left behind.
  expect(JSON.stringify(aws.plane.journal())).not.toContain(CANARY);
  await aws.close();
});

/** Makes a secret of an application; text is stored as it is, fields as JSON. */
function store(value: string | Record<string, unknown>, options: { readonly kmsKeyId?: string } = {}): Secret {
  count += 1;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return aws.plane.secrets.create({ name: `application-${count}`, value: text, ...options });
}

const healthy = (fields: Record<string, unknown> = {}) => ({
  username: 'shop',
  password: CANARY,
  host: SOURCE,
  port: 5432,
  ...fields,
});

function of(secretArn: string, fields: Partial<SecretChoice> = {}) {
  const chosen = { kind: 'secret', secretArn, hostField: 'host', portField: 'port', ...fields } as const;
  return applicationSwitch({ switch: chosen, masterSecretArn: MASTER_SECRET });
}

const currentOf = (secret: Secret) => JSON.parse(aws.plane.secrets.version(secret).value);

const failureOf = (work: Promise<unknown>) => failing(work, CANARY);

describe('the switch that is a secret', () => {
  it('tells where it leads, and nothing of what it holds', async () => {
    const secret = store(healthy());
    const facts = await of(secret.arn).look(SIDES);
    expect(facts).toEqual({ kind: 'secret', name: secret.arn, pointsTo: 'source', ttlSeconds: null });
    const loud = store(healthy({ host: 'Source.RDS.test.' }));
    expect(await of(loud.arn).look({ ...SIDES, target: null })).toMatchObject({ pointsTo: 'source' });
    const mistaken = await of(secret.arn, { hostField: 'password' }).look(SIDES);
    expect(mistaken.pointsTo).toBe('elsewhere');
    expect(describeSwitch(mistaken)).toBe(`secret ${secret.arn} names neither source nor target`);
    expect(switchRemedy(mistaken, 'shop-db', 5)).toContain('store the endpoint of shop-db in secret');
  });

  it('changes host and port alone, keeps the former version, and does so once', async () => {
    const secret = store(healthy({ port: '5432', note: { kept: [1, null] } }));
    const before = aws.plane.secrets.version(secret).versionId;
    await of(secret.arn).turn(TURN);
    expect(currentOf(secret)).toEqual(healthy({ host: TARGET.host, port: '5433', note: { kept: [1, null] } }));
    expect(aws.plane.secrets.version(secret, { stage: 'AWSPREVIOUS' }).versionId).toBe(before);
    const { versionId } = aws.plane.secrets.version(secret);
    await of(secret.arn).turn(TURN);
    expect(aws.plane.secrets.version(secret).versionId).toBe(versionId);
    expect(secret.versions.size).toBe(2);
    expect(await of(secret.arn).look(SIDES)).toMatchObject({ pointsTo: 'target' });
  });

  it('goes on after a call that died between adding the version and making it current', async () => {
    const secret = store(healthy());
    const operation = 'UpdateSecretVersionStage';
    const error = { code: 'InternalServiceError', status: 500 };
    aws.plane.inject({ service: 'secretsmanager', operation, effect: { error }, times: 3 });
    expect(await failureOf(of(secret.arn).turn(TURN))).toBeInstanceOf(NotReady);
    expect(currentOf(secret).host).toBe(SOURCE);
    await of(secret.arn).turn(TURN);
    expect(currentOf(secret).host).toBe(TARGET.host);
    expect(secret.versions.size).toBe(2);
  });

  it('carries a password over that was rotated in between', async () => {
    const secret = store(healthy());
    let rotated = false;
    const { moveStage } = aws.plane.secrets;
    const spy = jest.spyOn(aws.plane.secrets, 'moveStage').mockImplementation((...args) => {
      if (!rotated) aws.plane.secrets.put(secret, JSON.stringify(healthy({ password: 'rotated' })));
      rotated = true;
      moveStage.apply(aws.plane.secrets, args);
    });
    try {
      await of(secret.arn).turn(TURN);
    } finally {
      spy.mockRestore();
    }
    expect(currentOf(secret)).toEqual(healthy({ host: TARGET.host, port: 5433, password: 'rotated' }));
  });

  it('never overwrites a host that somebody else wrote', async () => {
    const secret = store(healthy({ host: 'elsewhere.example' }));
    const error = await failureOf(of(secret.arn).turn(TURN));
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toContain('somebody else changed it');
    expect(error.message).not.toContain('elsewhere');
    expect(secret.versions.size).toBe(1);
  });

  it('waits for a rotation that is under way: it would bring the old host back', async () => {
    const secret = store(healthy());
    aws.plane.secrets.put(secret, JSON.stringify(healthy({ password: 'next' })), ['AWSPENDING']);
    for (const work of [of(secret.arn).look(SIDES), of(secret.arn).turn(TURN)]) {
      const error = await failureOf(work);
      expect(error).toBeInstanceOf(NotReady);
      expect(error.message).toContain('a rotation of secret');
    }
    expect(currentOf(secret).host).toBe(SOURCE);
  });

  const unusable: [string, () => { arn: string; fields?: Partial<SecretChoice> }, RegExp][] = [
    [
      'does not exist',
      () => ({ arn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:gone-Ab12Cd` }),
      /does not exist/,
    ],
    ['is no JSON', () => ({ arn: store(`host=${SOURCE} password=${CANARY}`).arn }), /is no JSON object/],
    ['is a list', () => ({ arn: store(JSON.stringify([CANARY])).arn }), /is no JSON object/],
    ['is null', () => ({ arn: store('null').arn }), /is no JSON object/],
    [
      'lacks the field',
      () => ({ arn: store({ endpoint: SOURCE, password: CANARY }).arn }),
      /no text in its field "host"/,
    ],
    [
      'has a field of another type',
      () => ({ arn: store(healthy({ host: { name: CANARY } })).arn }),
      /no text in its field/,
    ],
    [
      'has no own field',
      () => ({ arn: store(healthy()).arn, fields: { hostField: 'constructor' } }),
      /no text in its field/,
    ],
    ['lacks the port', () => ({ arn: store(healthy({ port: undefined })).arn }), /no port in its field "port"/],
    ['has no port', () => ({ arn: store(healthy({ port: CANARY })).arn }), /no port in its field "port"/],
    [
      'is on its way out',
      () => {
        const { arn } = store(healthy());
        aws.plane.secrets.delete(arn);
        return { arn };
      },
      /marked for deletion: restore it/,
    ],
    [
      'has a key that is disabled',
      () => {
        const key = aws.plane.kms.create();
        const { arn } = store(healthy(), { kmsKeyId: key.keyId });
        aws.plane.kms.disable(key.keyId);
        return { arn };
      },
      /Access to KMS is not allowed/,
    ],
  ];

  it.each(unusable)('fails clearly when the secret %s', async (_, make, words) => {
    const { arn, fields } = make();
    const error = await failureOf(of(arn, fields).look(SIDES));
    expect(error).toBeInstanceOf(Blocked);
    expect(error.message).toMatch(words);
    expect(error.message).toContain(arn);
  });

  it('fails clearly when the role may not use the key of the secret', async () => {
    const key = aws.plane.kms.create();
    const secret = store(healthy(), { kmsKeyId: key.keyId });
    aws.plane.callers.set('ASIA-nobody', { roleArn: `arn:aws:iam::${ACCOUNT}:role/nobody` });
    process.env.AWS_ACCESS_KEY_ID = 'ASIA-nobody';
    try {
      jest.resetModules();
      const fresh = require('../../../lambda/platform/switch') as typeof import('../../../lambda/platform/switch');
      const chosen = { kind: 'secret', secretArn: secret.arn, hostField: 'host', portField: null } as const;
      const error = await failureOf(
        fresh.applicationSwitch({ switch: chosen, masterSecretArn: MASTER_SECRET }).look(SIDES),
      );
      expect(error).toMatchObject({ name: 'Blocked', message: expect.stringContaining("grant it to the step's role") });
    } finally {
      process.env.AWS_ACCESS_KEY_ID = OPERATOR_ACCESS_KEY_ID;
    }
  });
});

describe('the text of a secret', () => {
  const where = { what: 'secret arn:secret', hostField: 'host', portField: 'port' };

  it('keeps every other field as it was, whatever is in it', () => {
    const fields = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(fields, fc.domain(), fc.integer({ min: 1, max: 65535 }), (others, host, port) => {
        const kept = JSON.parse(JSON.stringify(others)) as Record<string, unknown>;
        const text = JSON.stringify({ ...kept, host: SOURCE, port: 5432 });
        let changed: string;
        try {
          changed = changeEndpoint(text, where, { host, port });
        } catch (error) {
          // A number that JavaScript would write in another way is refused.
          return error instanceof Blocked && /number that would not be kept/.test(error.message);
        }
        expect(JSON.parse(changed)).toEqual({ ...kept, host, port });
        expect(readEndpoint(changed, where)).toEqual({ host, port });
        return true;
      }),
    );
  });

  it.each(['12345678901234567890', '1.50', '1E400', '0.1e1'])('refuses to write the number %s as another', (number) => {
    const text = `{"id": ${number}, "host": "${SOURCE}", "port": 5432}`;
    expect(() => changeEndpoint(text, where, TARGET)).toThrow(/number that would not be kept/);
    expect(readEndpoint(text, where).host).toBe(SOURCE);
  });

  it('is the same text when nothing changes', () => {
    const text = `{ "port" : 5433, "host" : "${TARGET.host}" }`;
    expect(changeEndpoint(text, where, TARGET)).toBe(text);
    const quoted = JSON.stringify({ host: SOURCE, port: 5432, note: '1.50 and 12345678901234567890' });
    expect(JSON.parse(changeEndpoint(quoted, where, TARGET)).note).toBe('1.50 and 12345678901234567890');
  });
});
