import { ensureLedger } from '../../../lambda/platform/ledger';
import type { Session } from '../../../lambda/platform/postgres';
import { claimItem, countAttempt, enqueue, finishItem } from '../../../lambda/platform/queue';
import { Stage } from '../seed/stage';

const QUEUE = 'test';
const ITEMS = 12;

let stage: Stage;
let session: Session;

beforeAll(async () => {
  stage = await Stage.start(17);
  session = await stage.server('source', stage.source, stage.world('claim', '0')).home();
  await ensureLedger(session);
  // Again, as every claim does.
  await ensureLedger(session);
});
afterAll(() => stage?.close());

it('hands out items as they were queued, past the ninth too, and last what was tried before', async () => {
  const payloads = Array.from({ length: ITEMS }, (_, n) => ({ n }));
  await session.execute(enqueue(QUEUE, payloads));
  const first = await session.transaction(() => claimItem<{ n: number }>(session, QUEUE, []));
  await session.execute(countAttempt(QUEUE, first?.item ?? ''));
  const handedOut: number[] = [];
  for (let claims = 0; claims < ITEMS; claims += 1) {
    await session.transaction(async () => {
      const item = await claimItem<{ n: number }>(session, QUEUE, []);
      if (item === null) return;
      handedOut.push(item.payload.n);
      await session.execute(finishItem(QUEUE, item.item, {}));
    });
  }
  expect(handedOut).toEqual([...payloads.slice(1).map(({ n }) => n), 0]);
});
