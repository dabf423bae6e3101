/** What a source that AWS does not manage allows in other fields. */
import { type Problem, quoteValue } from './problem';
import { type Section, sectionOf } from './raw-section';

/** RDS knows nothing of a server that AWS does not manage: it takes no snapshot of it, and puts no proxy before it. */
export function ofServer({ source, road, switch: chosen, prune }: Section): Problem[] {
  const { kind, ownBackup } = sectionOf(source);
  if (kind !== 'server') return [];
  const problems: Problem[] = [];
  if (road !== 'copy') {
    problems.push({
      path: ['road'],
      got: quoteValue(road),
      allowed: '"copy" with a source of kind "server": RDS takes no snapshot of it',
    });
  }
  if (sectionOf(chosen).kind === 'rds-proxy') {
    problems.push({
      path: ['switch', 'kind'],
      got: quoteValue('rds-proxy'),
      allowed:
        '"route53", "secret", "parameter" or "hook" with a source of kind "server": an RDS Proxy leads to RDS alone',
    });
  }
  const { entries } = sectionOf(prune);
  if (Array.isArray(entries) && entries.length > 0 && ownBackup === false) {
    problems.push({
      path: ['source', 'ownBackup'],
      got: quoteValue(ownBackup),
      allowed: 'true, once you have a backup of your own: what is pruned is in no snapshot; or no prune.entries',
    });
  }
  return problems;
}
