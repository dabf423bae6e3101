import { KNOWN_MAJORS } from '../../servers/binaries';
import { AwsFault } from '../fault';

/** Whether a full version is offered: any minor of the majors that the rehearsal has servers for. */
export function isOffered(engine: string | undefined, version: string): boolean {
  const [, major] = /^(\d+)\.\d{1,2}$/.exec(version) ?? [];
  return engine === 'postgres' && KNOWN_MAJORS.includes(Number(major));
}

/**
 * Refuses a version that a new instance cannot have; a major alone stands for its default minor.
 *
 * @throws AwsFault `InvalidParameterCombination`
 */
export function requireOffered(engine: string | undefined, version: string): void {
  if (isOffered(engine, version) || isOffered(engine, `${version}.0`)) return;
  throw new AwsFault('InvalidParameterCombination', `Cannot find version ${version} for ${engine}`);
}
