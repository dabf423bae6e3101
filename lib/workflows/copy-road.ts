/**
 * The copy road: an empty target, its tables, the rows under a snapshot that is held on the source, then indexes and the rest:
 *
 *   Prepare the source -> Create the target <-> wait -> Make the databases -> Plan the schema -> Make the tables <-> again
 *     -> Hold the snapshots -> Plan the rows -> Copy (each worker: Copy rows until none is left; beside them: Make indexes as rows
 *        come) -> Conclude the rows -> Make the indexes <-> again -> Subscribe
 *
 *   a snapshot ended -> Hold the snapshots, anew: the plan notices and starts over
 *
 * The snapshots are held as late as can be, because vacuum waits for them on the source.
 */
import {
  Choice,
  Condition,
  Fail,
  type IChainable,
  Map as MapState,
  Pass,
  ProvideItems,
} from 'aws-cdk-lib/aws-stepfunctions';
import { ERRORS, type StepName } from '../../lambda/contract';
import { copyRoundsOf, EARLY_ROUNDS, MAKE_ROUNDS, MOST_SNAPSHOTS, TARGET_POLL } from './poll';
import { REPEATABLE } from './retry';
import { ALL, type Seeding, SOURCE_DATABASES } from './seeding';
import { createTarget, untilAvailable } from './snapshot-road';
import { callStep, KEEP_FAILURE, makeFailure } from './states';

/** The steps that this road calls. */
export const COPY_ROAD_STEPS: readonly StepName[] = [
  'prepare',
  'restore',
  'make-databases',
  'plan-schema',
  'make-schema',
  'hold-snapshot',
  'plan-rows',
  'copy-rows',
  'conclude-rows',
];

/** Variables that this road counts in. */
export const COPY_ROAD_COUNTERS = { [TARGET_POLL.counter]: 0, tableRounds: 0, indexRounds: 0, snapshotsHeld: 0 };

/** Makes the states and returns the first; `subscribe` follows. `workers` is how many copy side by side. */
export function copyRoad(seeding: Seeding, workers: number, subscribe: IChainable): IChainable {
  const { states } = seeding;
  const prepare = seeding.call('Prepare the source', 'prepare', SOURCE_DATABASES);
  const restore = createTarget(seeding, 'empty');
  const databases = seeding.call('Make the databases', 'make-databases', ALL);
  const schema = seeding.call('Plan the schema', 'plan-schema', ALL);
  const indexes = makeUntilDone(seeding, 'Make the indexes', 'after-rows', 'indexRounds', subscribe);
  const conclude = seeding.call('Conclude the rows', 'conclude-rows', ALL).next(indexes);
  const hold = seeding.call('Hold the snapshots', 'hold-snapshot', SOURCE_DATABASES, {
    assign: { snapshotsHeld: '{% $snapshotsHeld + 1 %}' },
  });
  const copy = copyRows(seeding, copyRoundsOf(workers));
  const plan = seeding.call('Plan the rows', 'plan-rows', ALL, {
    assign: {
      workers: '{% [$states.result.workers] %}',
      snapshotGone: "{% $states.result.snapshot = 'gone' %}",
    },
  });
  const again = anew(seeding, hold);
  plan.next(
    Choice.jsonata(states, 'Snapshots held?').when(Condition.jsonata('{% $snapshotGone %}'), again).otherwise(copy),
  );
  copy.next(
    Choice.jsonata(states, 'Held until the end?')
      .when(Condition.jsonata('{% $snapshotGone %}'), again)
      .otherwise(conclude),
  );
  const tables = makeUntilDone(seeding, 'Make the tables', 'before-rows', 'tableRounds', hold.next(plan));
  untilAvailable(seeding, restore, databases.next(schema).next(tables));
  return prepare.next(restore);
}

/** Works at the schema in calls of ten minutes each: every call does something, or waits for what a server does. */
function makeUntilDone(
  seeding: Seeding,
  name: string,
  part: 'before-rows' | 'after-rows',
  counter: string,
  next: IChainable,
): IChainable {
  const { states, compensation } = seeding;
  const make = seeding.call(
    name,
    'make-schema',
    { ...ALL, part },
    { assign: { itemsLeft: '{% $states.result.left %}', [counter]: `{% $${counter} + 1 %}` } },
  );
  const tooLong = makeFailure(
    states,
    `Gave up to ${name.toLowerCase()}`,
    `what belongs to "${name}" was not done after ${MAKE_ROUNDS} rounds of ten minutes; look at pg_stat_activity on the target`,
  );
  tooLong.next(compensation);
  make.next(
    Choice.jsonata(states, part === 'before-rows' ? 'Tables made?' : 'Indexes made?')
      .when(Condition.jsonata('{% $itemsLeft = 0 %}'), next)
      .when(Condition.jsonata(`{% $${counter} >= ${MAKE_ROUNDS} %}`), tooLong)
      .otherwise(make),
  );
  return make;
}

/** Instead of a worker's number: the share of the map that makes indexes. */
const INDEXES = 'indexes';

/**
 * The map over the workers that `Plan the rows` named, and one share beside them that makes the indexes of tables whose rows are in;
 * `snapshotGone` tells whether all of them came to the end.
 */
function copyRows(seeding: Seeding, rounds: number): MapState {
  const { states, props, compensation } = seeding;
  const begin = Pass.jsonata(states, 'Take a share of the rows', {
    // Variables of a worker are its own; an outer scope has none of these names.
    assign: { worker: '{% $states.input.worker %}', copyRounds: 0 },
  });
  const indexes = indexesAsRowsCome(seeding);
  const copy = callStep(
    states,
    'Copy rows',
    props.functions,
    'copy-rows',
    { ...ALL, worker: '{% $worker %}' },
    {
      retry: REPEATABLE,
      assign: {
        rowsLeft: '{% $states.result.left %}',
        held: "{% $states.result.snapshot = 'held' %}",
        copyRounds: '{% $copyRounds + 1 %}',
      },
    },
  );
  const done = Pass.jsonata(states, 'Share copied', { outputs: { held: '{% $held %}' } });
  const tooLong = Fail.jsonata(states, 'The copy takes too long', {
    error: ERRORS.blocked,
    cause: `a worker of the copy was not done after ${rounds} rounds of a quarter of an hour; configure another number of copy.workers`,
  });
  // Every round takes items off the queue; what is divided becomes smaller. It ends, at the latest by its bound.
  const left = Choice.jsonata(states, 'Rows left?')
    .when(Condition.jsonata('{% $rowsLeft = 0 or $not($held) %}'), done)
    .when(Condition.jsonata(`{% $copyRounds >= ${rounds} %}`), tooLong)
    .otherwise(copy);
  const workers = MapState.jsonata(states, 'Copy', {
    items: ProvideItems.jsonata(`{% $append($workers, ['${INDEXES}']) %}`),
    itemSelector: { worker: '{% $states.context.Map.Item.Value %}' },
    assign: { snapshotGone: '{% $count($states.result[$not(held)]) > 0 %}' },
    outputs: {},
  });
  copy.next(left);
  begin.next(
    Choice.jsonata(states, 'Makes indexes?')
      .when(Condition.jsonata(`{% $worker = '${INDEXES}' %}`), indexes)
      .otherwise(copy),
  );
  workers.itemProcessor(begin);
  workers.addCatch(compensation, { errors: ['States.ALL'], ...KEEP_FAILURE });
  return workers;
}

/**
 * One after the other it makes what is ready, until no rows are waited for; a build that runs then goes on and is found by
 * `Make the indexes`, as is what its rounds did not reach.
 */
function indexesAsRowsCome({ states, props }: Seeding): IChainable {
  const make = callStep(
    states,
    'Make indexes as rows come',
    props.functions,
    'make-schema',
    { ...ALL, part: 'as-rows-come' },
    {
      retry: REPEATABLE,
      assign: { rowsLeft: '{% $states.result.left %}', copyRounds: '{% $copyRounds + 1 %}' },
    },
  );
  const done = Pass.jsonata(states, 'No rows waited for', { outputs: { held: true } });
  make.next(
    Choice.jsonata(states, 'Rows waited for?')
      .when(Condition.jsonata(`{% $rowsLeft = 0 or $copyRounds >= ${EARLY_ROUNDS} %}`), done)
      .otherwise(make),
  );
  return make;
}

/** A holder dies with its server, or by hand; what dies again and again is a person's matter. */
function anew(seeding: Seeding, hold: IChainable): IChainable {
  const { states, compensation } = seeding;
  const tooOften = makeFailure(
    states,
    'Snapshots end too often',
    `the snapshot that rows are read under ended ${MOST_SNAPSHOTS} times before every row was copied; look at the source's log for ` +
      'restarts and for who ends sessions',
  );
  tooOften.next(compensation);
  return Choice.jsonata(states, 'Hold them again?')
    .when(Condition.jsonata(`{% $snapshotsHeld >= ${MOST_SNAPSHOTS} %}`), tooOften)
    .otherwise(hold);
}
