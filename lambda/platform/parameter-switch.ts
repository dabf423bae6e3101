/**
 * The switch that is the host in a parameter of Parameter Store, as the whole value or as a field of a JSON object. Parameter Store
 * knows no condition, but numbers its versions without gaps: a version that is not the next of the one that was read tells that
 * somebody else wrote in between, and theirs is looked at before anything else happens.
 */
import type { Switch } from '../contract/settings';
import { Blocked, NotReady } from '../errors';
import { changeEndpoint, readEndpoint } from './endpoint-text';
import { type ParameterVersion, readParameter, writeParameter } from './parameter-store';
import { type ApplicationSwitch, type Followed, type SwitchFacts, sideOf, type Turn } from './switch-kind';

type ParameterChoice = Extract<Switch, { kind: 'parameter' }>;

/** Times that a turn begins anew because the parameter was changed meanwhile; whoever writes does so once. */
const TRIES = 3;

/** Looks at a parameter that was written: reads follow writes within moments (decision 15). */
const LOOKS = 40;

/** Pause between two such looks. */
const LOOK_MS = 50;

/** What a turn begins with: the present version, or one that was written over and must be carried over. */
interface Read extends ParameterVersion {
  readonly present: boolean;
}

/** Makes the switch of one parameter. */
export function parameterSwitch(chosen: ParameterChoice): ApplicationSwitch {
  const { parameterName } = chosen;
  const what = `parameter ${parameterName}`;
  return {
    what,
    async look(sides): Promise<SwitchFacts> {
      const { host } = endpointIn(chosen, await readParameter(parameterName));
      return { kind: 'parameter', name: parameterName, pointsTo: sideOf(host, sides), ttlSeconds: null };
    },
    follow: async () => endpointIn(chosen, await readParameter(parameterName)),
    async turn(turn) {
      let read: Read = { ...(await readParameter(parameterName)), present: true };
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const overwritten = await turnOnce(chosen, turn, read);
        if (overwritten === null) return untilRead(chosen, turn);
        read = overwritten;
      }
      throw new NotReady(`${what} was changed by somebody else ${TRIES} times meanwhile, it is tried again`);
    },
  };
}

/** Null when the parameter says the target; else somebody's version that was written over, to be carried over. */
async function turnOnce(chosen: ParameterChoice, { from, to }: Turn, read: Read): Promise<Read | null> {
  const { parameterName } = chosen;
  const isForeign = (version: ParameterVersion) =>
    sideOf(endpointIn(chosen, version).host, { source: from, target: to.host }) === 'elsewhere';
  if (isForeign(read)) {
    throw new Blocked(
      `parameter ${parameterName} names neither side, somebody else changed it; store the target's endpoint by hand`,
    );
  }
  const next = textFor(chosen, read.text, to);
  if (read.present && next === read.text) return null;
  const written = await writeParameter(parameterName, next);
  if (written === read.version + 1) return null;
  const theirs = await readParameter(parameterName, written - 1);
  if (!isForeign(theirs)) {
    return textFor(chosen, theirs.text, to) === next ? null : { version: written, text: theirs.text, present: false };
  }
  await writeParameter(parameterName, theirs.text);
  throw new Blocked(
    `parameter ${parameterName} was changed by somebody else at the same moment and names neither side, their value was put ` +
      "back; store the target's endpoint by hand",
  );
}

/** Everybody who reads is told the target from here on. */
async function untilRead(chosen: ParameterChoice, { to }: Turn): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const { text } = await readParameter(chosen.parameterName);
    if (textFor(chosen, text, to) === text) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new NotReady(
    `parameter ${chosen.parameterName} does not say the target ${LOOKS * LOOK_MS} ms after it was written, it is looked at again`,
  );
}

function endpointIn(chosen: ParameterChoice, { text }: ParameterVersion): Followed {
  const { hostField, portField, parameterName } = chosen;
  if (hostField === null) return { host: text, port: null };
  return readEndpoint(text, { what: `parameter ${parameterName}`, hostField, portField });
}

function textFor(chosen: ParameterChoice, text: string, to: Turn['to']): string {
  const { hostField, portField, parameterName } = chosen;
  if (hostField !== null) return changeEndpoint(text, { what: `parameter ${parameterName}`, hostField, portField }, to);
  return sideOf(text, { source: to.host, target: null }) === 'source' ? text : to.host;
}
