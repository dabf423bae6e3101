/** A record as the resolver of the network answers it, which is what applications go by; Route 53's API says what it will be. */
import { promises as resolver } from 'node:dns';
import { NotReady } from '../errors';
import { plainName } from './route53';

/** Answers of a resolver that works: there is no such record. */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA']);

/** The name that a CNAME record leads to, without a trailing dot; null when there is none. Throws `NotReady` without an answer. */
export async function resolveRecord(recordName: string): Promise<string | null> {
  try {
    const [name] = await resolver.resolveCname(recordName);
    return name === undefined ? null : plainName(name);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no code';
    if (ABSENT.has(code)) return null;
    throw new NotReady(`the resolver of the network gave no answer for record ${recordName}: ${code}`, {
      cause: error,
    });
  }
}
