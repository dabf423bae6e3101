/** Publications of ours, as both ends of a migration take them down. */
import type { Statement } from './postgres';
import { ident } from './quote';

/** Drops a publication when it is there. */
export function dropPublicationIfPresent(name: string): Statement {
  return { text: `drop publication if exists ${ident(name)}` };
}
