/**
 * The switch that is the host (and port) in the applications' secret. A new version is added beside the current one and then made
 * current, only if the version that was read still is: a rotation in between is never overwritten. The former version stays
 * readable as `AWSPREVIOUS`. No value of the secret is told: the configured field may hold anything.
 */
import { createHash } from 'node:crypto';
import type { Switch } from '../contract/settings';
import { Blocked, NotReady } from '../errors';
import { addPending, type LabelledVersions, makeCurrent, readCurrent, readVersions } from './application-secret';
import { changeEndpoint, readEndpoint } from './endpoint-text';
import { type ApplicationSwitch, type SwitchFacts, sideOf, type Turn } from './switch-kind';

type SecretChoice = Extract<Switch, { kind: 'secret' }>;

/** Times that a turn begins anew because the secret was changed meanwhile; a rotation takes seconds and comes once. */
const TRIES = 3;

/** Makes the switch of one secret. */
export function secretSwitch(chosen: SecretChoice): ApplicationSwitch {
  const { secretArn } = chosen;
  const what = `secret ${secretArn}`;
  return {
    what,
    async look(sides): Promise<SwitchFacts> {
      const [current, versions] = await Promise.all([readCurrent(secretArn), readVersions(secretArn)]);
      assertQuiet(secretArn, versions, [current.versionId]);
      const { host } = readEndpoint(current.text, { ...chosen, what });
      return { kind: 'secret', name: secretArn, pointsTo: sideOf(host, sides), ttlSeconds: null };
    },
    async follow() {
      return readEndpoint((await readCurrent(secretArn)).text, { ...chosen, what });
    },
    async turn(turn) {
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        if (await turnOnce(chosen, turn)) return;
      }
      throw new NotReady(
        `secret ${secretArn} was changed by somebody else ${TRIES} times meanwhile, it is tried again`,
      );
    },
  };
}

/** False when another version became current meanwhile. */
async function turnOnce(chosen: SecretChoice, { from, to, name }: Turn): Promise<boolean> {
  const { secretArn } = chosen;
  const [current, versions] = await Promise.all([readCurrent(secretArn), readVersions(secretArn)]);
  const versionId = versionOf(name, current.versionId);
  // What a call before this one added stays pending when another version became current meanwhile.
  assertQuiet(secretArn, versions, [current.versionId, ...versions.ids.map((id) => versionOf(name, id))]);
  const fields = { ...chosen, what: `secret ${secretArn}` };
  const { host } = readEndpoint(current.text, fields);
  const next = changeEndpoint(current.text, fields, to);
  if (next === current.text) return true;
  if (sideOf(host, { source: from, target: to.host }) === 'elsewhere') {
    throw new Blocked(
      `secret ${secretArn} names neither side, somebody else changed it; store the target's endpoint by hand`,
    );
  }
  await addPending(secretArn, versionId, next);
  return makeCurrent(secretArn, versionId, current.versionId);
}

/** A rotation that goes on would make its own version current, with the host that it began with. */
function assertQuiet(secretArn: string, { pending }: LabelledVersions, ours: readonly string[]): void {
  if (pending === null || ours.includes(pending)) return;
  throw new NotReady(
    `a rotation of secret ${secretArn} is under way or did not finish, wait for it, or take the label AWSPENDING away`,
  );
}

/** The same turn of the same version has the same id: 64 characters, the most that Secrets Manager takes. */
function versionOf(turn: string, currentVersionId: string): string {
  return createHash('sha256').update(`sealift/${turn}/${currentVersionId}`).digest('hex');
}
