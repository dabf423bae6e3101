/** The secrets from which roles that write keep their password on a target that begins empty. */
import type { WriterDatabase } from '../writers/protocol';
import type { LocalAws } from './local-aws';

/** Makes a secret for each role, still without a value, and answers the ARNs by role; their ARNs end alike with `suffix`. */
export function createRoleSecrets(aws: LocalAws, roles: readonly string[], suffix?: string): Record<string, string> {
  const made = roles.map((role) => {
    const { arn } = aws.plane.secrets.create({ name: `rehearsal/role/${role}`, ...(suffix && { suffix }) });
    return [role, arn] as const;
  });
  return Object.fromEntries(made);
}

/** Puts the passwords in when the roles have them; `arns` as `createRoleSecrets` answered. */
export function fillRoleSecrets(
  { plane }: LocalAws,
  arns: Readonly<Record<string, string>>,
  writers: readonly Pick<WriterDatabase, 'user' | 'password'>[],
): void {
  for (const { user, password } of writers) {
    const arn = arns[user];
    if (arn !== undefined) plane.secrets.put(plane.secrets.get(arn), JSON.stringify({ username: user, password }));
  }
}
