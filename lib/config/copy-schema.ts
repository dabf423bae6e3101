/** The section `copy` of the configuration: how rows travel over connections. */
import { z } from 'zod';
import { listOf, secretArn, section, whole } from './fields';

const name = (what: string) =>
  z
    .string({ error: what })
    .min(1, { error: what })
    .refine((text) => Buffer.byteLength(text) <= 63 && !text.includes('\0'), {
      error: `${what} of at most 63 bytes without NUL`,
    });

/** Used on the copy road only. */
export const copy = section({
  workers: whole(1, 16, 'workers')
    .default(4)
    .describe('1 to 16 workers that copy rows side by side, all databases together'),
  builds: whole(1, 16, 'builds')
    .default(2)
    .describe('1 to 16 indexes, constraints and other statements that are made side by side when the rows are there'),
  skipExtensions: listOf(name('an extension name'), 0, 50, 'extension names')
    .default([])
    .describe('Extensions of the source that are left out. Another one that the target does not offer blocks'),
  passwords: z
    .record(name('a role name'), secretArn(), { error: 'an object of role names and secret ARNs' })
    .refine((roles) => Object.keys(roles).length <= 25, { error: 'at most 25 roles' })
    .default({})
    .describe(
      "Roles that keep their password, at most 25: by role, the complete ARN of a secret whose JSON has it in the field `password`, under AWS's own key, that of `key` or `source.kmsKeyArn`. Passwords cannot be read from PostgreSQL on RDS; every other role that logs in gets a new one, kept in the secret `RolePasswords` and listed in the report",
    ),
});
