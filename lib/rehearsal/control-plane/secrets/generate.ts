import { randomInt } from 'node:crypto';

/** Options of a generated password, as `GenerateSecretString` of CloudFormation names them. */
export interface GenerateSecretString {
  readonly SecretStringTemplate?: string;
  readonly GenerateStringKey?: string;
  readonly PasswordLength?: number;
  readonly ExcludeCharacters?: string;
  readonly ExcludeLowercase?: boolean;
  readonly ExcludeNumbers?: boolean;
  readonly ExcludePunctuation?: boolean;
  readonly ExcludeUppercase?: boolean;
  readonly IncludeSpace?: boolean;
  readonly RequireEachIncludedType?: boolean;
}

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';
const NUMBERS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/**
 * Generates the value of a secret: a password, or the template's JSON object with the password under the given key.
 *
 * @param options as in the template; 32 characters of every kind unless said otherwise
 */
export function generateSecretString(options: GenerateSecretString): string {
  const password = generatePassword(options);
  if (options.SecretStringTemplate === undefined) return password;
  const template: unknown = JSON.parse(options.SecretStringTemplate);
  if (typeof template !== 'object' || template === null || options.GenerateStringKey === undefined) {
    throw new Error('SecretStringTemplate must be a JSON object and comes together with GenerateStringKey');
  }
  return JSON.stringify({ ...template, [options.GenerateStringKey]: password });
}

/** Generates a password; each kind of character that is not excluded occurs, unless that was waived. */
export function generatePassword(options: GenerateSecretString): string {
  const length = options.PasswordLength ?? 32;
  const excluded = new Set(options.ExcludeCharacters ?? '');
  const kinds = [
    options.ExcludeLowercase ? '' : LOWERCASE,
    options.ExcludeUppercase ? '' : LOWERCASE.toUpperCase(),
    options.ExcludeNumbers ? '' : NUMBERS,
    options.ExcludePunctuation ? '' : PUNCTUATION,
    options.IncludeSpace ? ' ' : '',
  ]
    .map((kind) => [...kind].filter((character) => !excluded.has(character)))
    .filter((kind) => kind.length > 0);
  const all = kinds.flat();
  if (all.length === 0) throw new Error('the options of a generated secret exclude every character');
  const required = options.RequireEachIncludedType === false ? [] : kinds.map(pick);
  const characters = [...required, ...Array.from({ length: Math.max(0, length - required.length) }, () => pick(all))];
  return shuffle(characters.slice(0, length)).join('');
}

function pick(characters: readonly string[]): string {
  return characters[randomInt(characters.length)] ?? '';
}

function shuffle(characters: readonly string[]): string[] {
  const left = [...characters];
  return characters.map(() => left.splice(randomInt(left.length), 1)[0] ?? '');
}
