/** The runs of a shape in lines: the median of each, the ratio to the fastest peer, what Sealift spent it on. */
import { seconds } from '../report/words';
import { COPY_STATES, type CopyContest, SEALIFT } from './copy-contest';
import { median } from './median';

/** Lines for the runs of one shape; without a peer there is nothing to hold Sealift's median beside. */
export function copyInWords(shape: string, contests: readonly CopyContest[], target: number): string[] {
  const times = contests.flatMap((contest) => contest.times);
  const all = [...new Set(times.map(({ who }) => who))].map((who) => {
    const own = times.filter((time) => time.who === who);
    const analyzes = own.flatMap(({ analyzeMs }) => analyzeMs ?? []);
    return { who, ms: median(own.map(({ ms }) => ms)), analyzeMs: analyzes.length > 0 ? median(analyzes) : null };
  });
  const ours = all.find(({ who }) => who === SEALIFT)?.ms ?? Number.NaN;
  const peers = all.filter(({ who }) => who !== SEALIFT).sort((one, other) => one.ms - other.ms);
  const [fastest] = peers;
  const each = [
    `${SEALIFT} ${seconds(ours)}`,
    ...peers.map(
      ({ who, ms, analyzeMs }) =>
        `${who} ${seconds(ms)}${analyzeMs === null ? ' with ANALYZE' : ` and ${seconds(analyzeMs)} more for ANALYZE`}`,
    ),
  ];
  const verdict =
    fastest === undefined
      ? 'NOT HELD beside anything'
      : `to the fastest, ${fastest.who}: ratio ${(ours / fastest.ms).toFixed(2)}, target ${target}: ` +
        (ours <= target * fastest.ms ? 'met' : 'NOT MET');
  const states = COPY_STATES.map((name) => `${name} ${seconds(median(contests.map((one) => one.states[name])))}`);
  return [`${shape}: medians ${each.join(', ')}; ${verdict}`, `  of Sealift's: ${states.join(', ')}`];
}
