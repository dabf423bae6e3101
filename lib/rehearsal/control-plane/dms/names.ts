import { randomBytes } from 'node:crypto';
import { AwsFault } from '../fault';
import type { Place } from '../place';

/** Kinds of DMS resources, as their ARNs spell them. */
export type DmsKind = 'rep' | 'subgrp' | 'endpoint' | 'cert' | 'task' | 'assessment-run' | 'individual-assessment';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Twenty-six characters, as DMS ends the ARNs of what has no resource identifier of its own. */
export function newResourceName(): string {
  return [...randomBytes(26)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** The ARN of a DMS resource. */
export function dmsArn(place: Place, kind: DmsKind, name: string): string {
  return `arn:aws:dms:${place.region}:${place.account}:${kind}:${name}`;
}

/**
 * Checks an identifier that the user chooses, and writes it as DMS stores it: in lower case.
 *
 * @param longest 63 for instances, 255 for the rest
 * @throws AwsFault `InvalidParameterValueException`
 */
export function dmsIdentifier(what: string, identifier: string, longest: number): string {
  const wellFormed = /^[A-Za-z](?:-?[A-Za-z0-9])*$/.test(identifier);
  if (wellFormed && identifier.length <= longest) return identifier.toLowerCase();
  throw new AwsFault(
    'InvalidParameterValueException',
    `The parameter ${what} must be provided and must not be blank. It must begin with a letter, contain only ASCII ` +
      `letters, digits and hyphens, at most ${longest}, not end with a hyphen and hold no two in a row, got ${identifier}`,
  );
}

/** Refuses a parameter as DMS does. */
export function invalidCombination(message: string): AwsFault {
  return new AwsFault('InvalidParameterCombinationException', message);
}

/** Refuses a value as DMS does. */
export function invalidValue(message: string): AwsFault {
  return new AwsFault('InvalidParameterValueException', message);
}
