import fc from 'fast-check';
import { Blocked } from '../../../lambda/errors';
import { connectionString, quoteValue } from '../../../lambda/platform/connection-string';

/** libpq's own rules for a quoted value: a backslash takes the next character as it is, a quote ends it. */
function unquote(text: string): string {
  expect(text.startsWith("'") && text.endsWith("'")).toBe(true);
  let value = '';
  for (let index = 1; index < text.length - 1; index++) {
    if (text[index] === '\\') index++;
    else expect(text[index]).not.toBe("'");
    value += text[index];
  }
  return value;
}

const base = {
  host: 'db.example.test',
  port: 5432,
  database: 'app',
  username: 'sealift_x_replication',
  password: 'secret',
  sslMode: 'require',
  rootCertificatePath: null,
  applicationName: 'sealift/x/apply/',
} as const;

describe('the connection string of a subscription', () => {
  it('gives back every value that libpq can hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        fc.pre(!value.includes('\0'));
        expect(unquote(quoteValue(value))).toBe(value);
      }),
    );
  });

  it('names a root certificate exactly with verify-full', () => {
    expect(connectionString(base)).toContain("sslmode='require'");
    expect(connectionString(base)).not.toContain('sslrootcert');
    const full = connectionString({ ...base, sslMode: 'verify-full', rootCertificatePath: "/ca's.pem" });
    expect(full).toContain("sslmode='verify-full' sslrootcert='/ca\\'s.pem'");
  });

  it('fails on a NUL byte and on verify-full without a certificate', () => {
    expect(() => connectionString({ ...base, password: 'a\0b' })).toThrow(Blocked);
    expect(() => connectionString({ ...base, sslMode: 'verify-full' })).toThrow(Blocked);
  });
});
