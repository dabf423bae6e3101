/** The switch that a function of the customer's looks at and turns: a configuration service, a pool, another DNS. */
import type { Switch } from '../contract/settings';
import { Blocked } from '../errors';
import { callHook, type HookAnswer } from './hook-call';
import { type ApplicationSwitch, type SwitchFacts, sideOf, type Turn } from './switch-kind';

/** Makes the switch of one hook. */
export function hookSwitch(chosen: Extract<Switch, { kind: 'hook' }>): ApplicationSwitch {
  const what = `hook ${chosen.functionArn}`;
  return {
    what,
    async look(sides): Promise<SwitchFacts> {
      const { host } = await callHook(chosen, { action: 'look' });
      return { kind: 'hook', name: chosen.functionArn, pointsTo: sideOf(host, sides), ttlSeconds: null };
    },
    async follow() {
      const { host, port = null } = await callHook(chosen, { action: 'look' });
      return { host, port };
    },
    async turn({ from, to, name, lookedAt }: Turn) {
      const sides = { source: from, target: to.host };
      const before = lookedAt ? 'source' : sideOf((await callHook(chosen, { action: 'look' })).host, sides);
      if (before === 'elsewhere' || before === 'nothing') {
        throw new Blocked(`${what} says that applications are led to neither side, lead them to the target by hand`);
      }
      const answer = await callHook(chosen, { action: 'turn', name, from: { host: from }, to });
      if (leadsTo(answer, to)) return;
      throw new Blocked(
        `${what} answered its turn with another place than the target, look at its log and lead the applications to the target`,
      );
    },
  };
}

function leadsTo({ host, port }: HookAnswer, to: Turn['to']): boolean {
  const there = sideOf(host, { source: to.host, target: null }) === 'source';
  return there && (port === undefined || port === null || port === to.port);
}
