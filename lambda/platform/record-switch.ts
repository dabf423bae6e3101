/** The switch that is a CNAME record. */
import type { Switch } from '../contract/settings';
import { Blocked } from '../errors';
import { resolveRecord } from './resolve-record';
import { changeInSync, readRecord, writeRecord } from './route53';
import { type ApplicationSwitch, type Sides, type SwitchFacts, sideOf, type Turn } from './switch-kind';

/** Pause between two looks at the change of the record. */
const LOOK_MS = 25;

/** Longest wait for Route 53; its servers take up to a minute (facts E21). */
const IN_SYNC_MS = 120_000;

/** Makes the switch of one record. */
export function recordSwitch(chosen: Extract<Switch, { kind: 'route53' }>): ApplicationSwitch {
  const what = `record ${chosen.recordName}`;
  const look = async (sides: Sides): Promise<SwitchFacts> => {
    const { name, value, ttlSeconds } = await readRecord(chosen);
    return { kind: 'route53', name, pointsTo: sideOf(value, sides), ttlSeconds };
  };
  return {
    what,
    look,
    follow: async () => ({ host: await resolveRecord(chosen.recordName), port: null }),
    async turn({ from, to, instances, lookedAt }: Turn) {
      const sides = { source: from, target: to.host, instances: { source: instances.from, target: instances.to } };
      const { pointsTo } = lookedAt ? { pointsTo: 'source' } : await look(sides);
      if (pointsTo === 'elsewhere' || pointsTo === 'nothing') {
        throw new Blocked(
          `${what} ${pointsTo === 'nothing' ? 'is gone' : 'points to neither side'}, somebody else changed it; point it at the ` +
            'target by hand',
        );
      }
      await untilInSync(what, await writeRecord(chosen, to.host, chosen.ttlSeconds));
    },
  };
}

async function untilInSync(what: string, changeId: string): Promise<void> {
  const deadline = Date.now() + IN_SYNC_MS;
  // Ends by Route 53's answer or by the deadline.
  while (!(await changeInSync(changeId))) {
    if (Date.now() > deadline) throw new Error(`${what} is not in sync after ${IN_SYNC_MS} ms, look at it`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
