/**
 * What the approver reads, possibly at three in the morning: plain text, short lines, everything that is needed to decide and
 * the two commands to answer with. No secret and no host name is in it; the token is in the body only (security 60, 64).
 */
import type { SealiftConfig } from '../config';

/** What the message says beside what the machine knows. */
export interface ApprovalWords {
  readonly migration: string;
  readonly expiresAfterMinutes: number;
  /** Longest time from the fence to the flip. */
  readonly budgetSeconds: number;
  readonly switchKind: SealiftConfig['switch']['kind'];
  /** Hours of the way back after a cutover; 0 without. */
  readonly windowHours: number;
  /** The question is about the way back. */
  readonly back: boolean;
}

/** What the applications follow, by the kind of the switch. */
const FOLLOWED: Readonly<Record<ApprovalWords['switchKind'], string>> = {
  route53: 'the DNS record of the database',
  secret: 'the secret that names the database',
  parameter: 'the parameter that names the database',
  'rds-proxy': 'the proxy before the database',
  hook: 'the hook of the configuration',
};

/** Console of a partition; `AWS::URLSuffix` is another domain. */
const CONSOLE =
  "($partition = 'aws-cn' ? 'console.amazonaws.cn' : $partition = 'aws-us-gov' ? 'console.amazonaws-us-gov.com' : " +
  "'console.aws.amazon.com')";

/** The subject: SNS allows 100 printable characters. */
export function approvalSubject({ migration, back }: ApprovalWords): string {
  return `Sealift ${migration}: approval needed${back ? ' to roll back' : ''}`;
}

/**
 * The body as a JSONata expression. It reads the variables `replication`, `health`, `misunderstood` and, there but not back,
 * `assessment`, and the token of the state.
 */
export function approvalMessage(words: ApprovalWords): string {
  const lines = [...question(words), ...whatIsKnown(words), ...howToAnswer(words), ...whereToLook()];
  const known =
    "$arn := $split($states.context.Execution.Id, ':'); $partition := $arn[1]; $region := $arn[3]; " +
    '$verification := $replication.verification; $found := [$verification.databases]; ' +
    (words.back ? '' : '$prediction := $assessment.prediction; ') +
    '$slots := [$health.slots]; ' +
    '$safe := $min([$slots.safeWalBytes[$type($) = "number"]]); ' +
    `$until := $toMillis($states.context.State.EnteredTime) + ${words.expiresAfterMinutes} * 60000; `;
  return `{% (${known}$join([${lines.join(', ')}], '\\n')) %}`;
}

function question(words: ApprovalWords): string[] {
  const { migration, back } = words;
  return [
    `'Sealift migration ${migration}: may the applications ${back ? 'RETURN TO THE UNENCRYPTED SOURCE' : 'move'} now?'`,
    `$misunderstood ? '(The last answer was not understood: it must name who approves.)\\n' : ''`,
    "'WHAT WILL HAPPEN'",
    ...(back ? whatHappensBack(words) : whatHappens(words)),
    "''",
  ];
}

function whatHappens({ switchKind, windowHours }: ApprovalWords): string[] {
  return [
    "'Writes stop, what changed last is compared, and the applications are sent'",
    `'to the encrypted database by ${FOLLOWED[switchKind]}.'`,
    "'If anything is amiss before that, writes go on at the source.'",
    windowHours === 0
      ? "'Afterwards there is no way back.'"
      : `'Afterwards Rollback can return to the source for ${windowHours} hours, with every write.'`,
  ];
}

function whatHappensBack({ switchKind }: ApprovalWords): string[] {
  return [
    "'Writes stop, what changed last is compared, and the applications are sent'",
    `'back to the source, which is not encrypted, by ${FOLLOWED[switchKind]}.'`,
    "'Every write that was accepted since the cutover is there.'",
    "'If anything is amiss before that, writes go on at the encrypted database.'",
    "'Afterwards the migration is over: it would have to begin anew.'",
  ];
}

function whatIsKnown({ budgetSeconds, back }: ApprovalWords): string[] {
  const writer = back ? 'encrypted database' : 'source';
  return [
    "'VERIFICATION: ' & $verification.verdict",
    `$count($found) & ' databases, ' & ${number('$sum([$found.tables])')} & ' tables, ' & ${number('$sum([$found.rows])')} & ' rows, differences ' & ${number('$count([$found.mismatchedTables, $found.catalogDifferences])')}`,
    `'keys to compare again: ' & ${number('$verification.keysToCompareAgain')}`,
    "'report: s3://' & $verification.report.bucket & '/' & $verification.report.key",
    "''",
    "'REPLICATION'",
    `'behind by ' & ${number('$health.lagBytes')} & ' bytes, ' & $string($health.lagSeconds) & ' seconds'`,
    `'the ${writer} may keep ' & ($exists($safe) ? ${number('$safe')} & ' bytes of WAL more for it' : 'WAL for it without a limit: watch its disk')`,
    "$exists($health.stuck[0]) ? 'ATTENTION: ' & $join([$health.stuck], '; ') : 'applying'",
    "''",
    "'OUTAGE'",
    ...(back
      ? ["'as long as the cutover took, if as much is written'"]
      : ["'predicted: ' & $string($prediction.outageMs / 1000) & ' s'", '$prediction.outageBasis']),
    `'at most ${budgetSeconds} s until the switch begins, else writes go on at the ${writer}'`,
    "''",
  ];
}

function howToAnswer({ expiresAfterMinutes }: ApprovalWords): string[] {
  const command = (verb: string) => `'aws stepfunctions ${verb} --region ' & $region & `;
  const token = "' --task-token ' & $states.context.Task.Token";
  return [
    `'ANSWER UNTIL ' & $fromMillis($until, '[Y0001]-[M01]-[D01] [H01]:[m01] UTC') & ' (${expiresAfterMinutes} minutes)'`,
    "'No answer is a no: replication goes on, nothing else happens.'",
    "'Put your name in the place of <name>. To approve:'",
    `${command('send-task-success')}" --task-output '{\\"approvedBy\\":\\"<name>\\"}'" & ${token}`,
    "'To refuse:'",
    `${command('send-task-failure')}" --error Refused --cause '<name>: <reason>'" & ${token}`,
    "''",
  ];
}

function whereToLook(): string[] {
  return [
    "'EXECUTION'",
    `'https://' & ${CONSOLE} & '/states/home?region=' & $region & '#/v2/executions/details/' & $states.context.Execution.Id`,
  ];
}

function number(expression: string): string {
  return `$formatNumber(${expression}, '#,##0')`;
}
