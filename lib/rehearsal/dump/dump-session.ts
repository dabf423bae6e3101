import { pipeline } from 'node:stream/promises';
import { type Client, DatabaseError, escapeIdentifier, type QueryResult } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { adaptStatement } from './adapt-statement';
import { DumpError } from './dump-error';
import type { DumpItem, DumpReader } from './dump-reader';
import { DumpRoles } from './roles';
import { statementKind, type Token, tokensOf, wordsAt } from './sql-tokens';
import { type StatementPlace, statementFailure } from './statement-failure';

const BATCH_STATEMENTS = 200;
const BATCH_CHARACTERS = 256 * 1024;
/** Who and what a statement names stands in its first tokens; the rows of an INSERT need not be read. */
const MOST_TOKENS = 20_000;

/** What a session needs of the loader. */
export interface SessionOptions {
  readonly client: Client;
  readonly database: string;
  readonly file: string;
  readonly notice: (text: string) => void;
  readonly connectAsSuperuser?: (database: string) => Promise<Client>;
}

interface Pending {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly place: StatementPlace;
}

/**
 * Runs the statements of one file in one session. Plain ones go in batches, each one transaction; when a batch fails, its
 * statements run again one by one, so that the failing one is known and can be dealt with.
 */
export class DumpSession {
  /** Statements that ran, and rows that they and COPY wrote. */
  statements = 0;
  rows = 0;
  private pending: Pending[] = [];
  private pendingCharacters = 0;
  private inTransaction = false;

  private constructor(
    private readonly options: SessionOptions,
    private readonly roles: DumpRoles,
  ) {}

  /** Begins a session; the client must be fresh. */
  static async begin(options: SessionOptions): Promise<DumpSession> {
    // What is loaded is worth nothing before it is complete, and thousands of small commits would each wait for the disk.
    await options.client.query('set synchronous_commit = off');
    return new DumpSession(options, await DumpRoles.read(options.client, options.notice));
  }

  /** Runs one statement of the dump, COPY with the data that follow in `reader`. */
  async run(item: DumpItem, reader: DumpReader): Promise<void> {
    const tokens = tokensOf(item.text, MOST_TOKENS);
    const place = { file: this.options.file, line: item.line, kind: statementKind(tokens) };
    const adaptation = adaptStatement(item.text, tokens, this.options.database);
    switch (adaptation.action) {
      case 'refuse':
        throw new DumpError(
          { file: place.file, line: place.line, statementKind: place.kind },
          adaptation.what,
          adaptation.remedy,
        );
      case 'skip':
        if (adaptation.reason)
          this.options.notice(`${place.file}:${place.line}: left out ${place.kind}: ${adaptation.reason}`);
        return;
      case 'set-role':
        return this.setRole(adaptation.role, place);
      case 'run':
        if (isCopyFromStdin(tokens)) return this.copy(adaptation.text, place, reader);
        return this.enqueue(await this.withRoles(adaptation.text, adaptation.tokens, place), place, reader);
    }
  }

  /** Runs what is waiting. */
  async flush(): Promise<void> {
    const batch = this.pending;
    this.pending = [];
    this.pendingCharacters = 0;
    if (batch.length === 0) return;
    const [only] = batch;
    if (only && batch.length === 1) return this.runAlone(only);
    try {
      this.count(await this.options.client.query(batch.map(({ text }) => text).join('\n')), batch.length);
    } catch (error) {
      if (!(error instanceof DatabaseError))
        throw statementFailure(only?.place ?? unknownPlace(this.options.file), error);
      for (const statement of batch) await this.runAlone(statement);
    }
  }

  private async withRoles(text: string, tokens: readonly Token[], place: StatementPlace): Promise<Pending> {
    try {
      // A role that is made inside of the dump's own transaction stays, like everything else in it.
      const adapted = await this.roles.adapt(text, tokens);
      return { text: adapted, tokens: adapted === text ? tokens : tokensOf(adapted, MOST_TOKENS), place };
    } catch (error) {
      throw error instanceof DatabaseError ? statementFailure(place, error) : error;
    }
  }

  private async enqueue(statement: Pending, place: StatementPlace, reader: DumpReader): Promise<void> {
    const { tokens } = statement;
    if (wordsAt(tokens, 0, 'set', 'standard_conforming_strings')) {
      reader.standardConformingStrings = !/\b(off|false|0|no)\b/i.test(statement.text);
    }
    const control = tokens[0]?.kind === 'word' ? tokens[0].value : '';
    const opens = control === 'begin' || wordsAt(tokens, 0, 'start', 'transaction');
    const closes = control === 'commit' || control === 'end' || control === 'rollback' || control === 'abort';
    if (opens || closes || this.inTransaction) {
      await this.flush();
      await this.runAlone({ ...statement, place });
      if (opens || closes) this.inTransaction = opens;
      return;
    }
    this.pending.push(statement);
    this.pendingCharacters += statement.text.length;
    if (this.pending.length >= BATCH_STATEMENTS || this.pendingCharacters >= BATCH_CHARACTERS) await this.flush();
  }

  private async runAlone(statement: Pending): Promise<void> {
    try {
      this.count(await this.options.client.query(statement.text), 1);
    } catch (error) {
      if (this.inTransaction || !(error instanceof DatabaseError)) throw statementFailure(statement.place, error);
      if (!(await this.recover(statement, error))) throw statementFailure(statement.place, error);
    }
  }

  /** Deals with failures that a dump of a superuser's database brings on RDS; says whether it could. */
  private async recover({ text, tokens, place }: Pending, error: DatabaseError): Promise<boolean> {
    const leftOut = (reason: string) => {
      this.options.notice(`${place.file}:${place.line}: left out ${place.kind}: ${reason}`);
      return true;
    };
    const { code } = error;
    if (place.kind === 'SET' && (code === '42704' || code === '22023'))
      return leftOut('this server does not know the setting or value');
    if (place.kind === 'CREATE SCHEMA' && code === '42P06' && wordsAt(tokens, 2, 'public')) return true;
    if (/ (PUBLICATION|EVENT TRIGGER)$/.test(place.kind) && (code === '42501' || code === '42704')) {
      return leftOut('only a superuser may make it, or what it belongs to was left out');
    }
    if (place.kind === 'CREATE EXTENSION') {
      if (code === '42710') return true;
      return code === '42501' && this.createExtension(text, place);
    }
    const owner = tokens.findIndex((_, at) => wordsAt(tokens, at, 'owner', 'to'));
    if (code === '42501' && owner > 0) return this.giveCreateAndRetry(text, tokens, owner);
    return false;
  }

  /** On RDS rds_superuser may create supported extensions that community PostgreSQL keeps for superusers. */
  private async createExtension(text: string, place: StatementPlace): Promise<boolean> {
    if (!this.options.connectAsSuperuser) return false;
    const client = await this.options.connectAsSuperuser(this.options.database);
    try {
      await client.query(text);
      this.options.notice(
        `${place.file}:${place.line}: the extension was created by the server's superuser, as RDS does`,
      );
      return true;
    } catch (error) {
      throw statementFailure(place, error);
    } finally {
      await client.end();
    }
  }

  /** A role that becomes an owner must be allowed to create there, which a superuser's ALTER ... OWNER does not ask. */
  private async giveCreateAndRetry(text: string, tokens: readonly Token[], owner: number): Promise<boolean> {
    const role = tokens[owner + 2]?.value;
    const dot = tokens.findIndex((token, at) => at < owner && token.kind === 'symbol' && token.value === '.');
    const schema = dot > 0 ? tokens[dot - 1]?.value : undefined;
    if (role === undefined) return false;
    const place =
      schema === undefined
        ? `database ${escapeIdentifier(this.options.database)}`
        : `schema ${escapeIdentifier(schema)}`;
    try {
      await this.options.client.query(`grant create on ${place} to ${escapeIdentifier(role)}`);
      await this.options.client.query(text);
    } catch {
      return false;
    }
    this.options.notice(`role ${role} was granted CREATE on ${place}, without which it cannot own what is there`);
    return true;
  }

  private async setRole(name: string | null, place: StatementPlace): Promise<void> {
    await this.flush();
    const role = name === null ? this.roles.master : await this.roles.roleFor(name);
    const [quoted, database] = [escapeIdentifier(role), escapeIdentifier(this.options.database)];
    // The session of a superuser under another name may create where that role alone may not.
    const text =
      role === this.roles.master
        ? 'reset role'
        : `reset role; grant create on database ${database} to ${quoted}; grant create on schema public to ${quoted}; set role ${quoted}`;
    await this.runAlone({ text, tokens: [], place });
  }

  private async copy(text: string, place: StatementPlace, reader: DumpReader): Promise<void> {
    await this.flush();
    const stream = this.options.client.query(copyFrom(text.replace(/;$/, '')));
    try {
      await pipeline(reader.copyData(place.line), stream);
    } catch (error) {
      throw error instanceof DumpError ? error : statementFailure(place, error);
    }
    this.statements += 1;
    this.rows += stream.rowCount;
  }

  private count(results: QueryResult | QueryResult[], statements: number): void {
    this.statements += statements;
    for (const result of Array.isArray(results) ? results : [results]) {
      if (result.command === 'INSERT') this.rows += result.rowCount ?? 0;
    }
  }
}

function isCopyFromStdin(tokens: readonly Token[]): boolean {
  if (!wordsAt(tokens, 0, 'copy')) return false;
  return tokens.some((_, at) => wordsAt(tokens, at, 'from', 'stdin'));
}

function unknownPlace(file: string): StatementPlace {
  return { file, line: 1, kind: 'a batch' };
}
