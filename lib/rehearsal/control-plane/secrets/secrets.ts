import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import type { Place } from '../place';

/** A version of a secret's value. */
export interface SecretVersion {
  readonly versionId: string;
  readonly value: string;
  readonly createdAt: number;
  /** Staging labels, such as `AWSCURRENT`. */
  readonly stages: Set<string>;
}

/** A secret; its values stay in the memory of this process and appear in no description, journal or error. */
export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  description: string;
  /** Key id, ARN or alias as given; null: the account's `alias/aws/secretsmanager`. */
  kmsKeyId: string | null;
  /** Service that owns the secret, such as `rds`; null for one's own. */
  readonly owningService: string | null;
  /** Epoch milliseconds of a planned deletion. */
  deletedAt: number | null;
  changedAt: number;
  readonly tags: Map<string, string>;
  readonly versions: Map<string, SecretVersion>;
}

/** Options of a new secret. */
export interface SecretOptions {
  readonly name: string;
  readonly value?: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  readonly owningService?: string;
  /** The six characters that the ARN ends in. @default random ones, as AWS makes them */
  readonly suffix?: string;
  readonly tags?: ReadonlyMap<string, string>;
}

const SUFFIX_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The secrets of the account. */
export class Secrets {
  readonly #place: Place;
  readonly #clock: Clock;
  readonly #secrets = new Map<string, Secret>();

  constructor(place: Place, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  /**
   * Makes a secret.
   *
   * @throws AwsFault `ResourceExistsException`
   */
  create(options: SecretOptions): Secret {
    if ([...this.#secrets.values()].some(({ name }) => name === options.name)) {
      throw new AwsFault(
        'ResourceExistsException',
        `The operation failed because the secret ${options.name} already exists.`,
      );
    }
    const suffix = options.suffix ?? randomSuffix();
    const secret: Secret = {
      name: options.name,
      arn: `arn:aws:secretsmanager:${this.#place.region}:${this.#place.account}:secret:${options.name}-${suffix}`,
      createdAt: this.#clock.now(),
      description: options.description ?? '',
      kmsKeyId: options.kmsKeyId ?? null,
      owningService: options.owningService ?? null,
      deletedAt: null,
      changedAt: this.#clock.now(),
      tags: new Map(options.tags),
      versions: new Map(),
    };
    this.#secrets.set(secret.arn, secret);
    if (options.value !== undefined) this.put(secret, options.value);
    return secret;
  }

  /**
   * Finds a secret by its name, ARN, or ARN without the six characters.
   *
   * @throws AwsFault `ResourceNotFoundException`
   */
  get(reference: string): Secret {
    const secret = this.find(reference);
    if (!secret) throw new AwsFault('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return secret;
  }

  /** Finds a secret by its name, ARN, or ARN without the six characters. */
  find(reference: string): Secret | undefined {
    return (
      this.#secrets.get(reference) ??
      [...this.#secrets.values()].find(({ name, arn }) => name === reference || arn.slice(0, -7) === reference)
    );
  }

  /**
   * Adds a version. `AWSCURRENT` moves to it and leaves `AWSPREVIOUS` behind; every other stage simply moves.
   *
   * @param stages labels of the new version; `AWSCURRENT` unless given
   * @param versionId the client's token; the same token again with the same value changes nothing
   */
  put(
    secret: Secret,
    value: string,
    stages: readonly string[] = ['AWSCURRENT'],
    versionId: string = randomUUID(),
  ): SecretVersion {
    const existing = secret.versions.get(versionId);
    if (existing && existing.value !== value) {
      throw new AwsFault(
        'ResourceExistsException',
        `A resource with the ID you requested already exists, version ${versionId}.`,
      );
    }
    const version = existing ?? { versionId, value, createdAt: this.#clock.now(), stages: new Set<string>() };
    secret.versions.set(versionId, version);
    for (const stage of secret.versions.size === 1 ? new Set([...stages, 'AWSCURRENT']) : stages)
      this.#move(secret, stage, version);
    secret.changedAt = this.#clock.now();
    return version;
  }

  /**
   * Moves a staging label from the version that has it, which must be named, to another, or takes it away.
   *
   * @throws AwsFault `InvalidRequestException` for a secret marked for deletion, `ResourceNotFoundException` for a version that
   * is not there, `InvalidParameterException` when `from` is not the version that has the label, or `AWSCURRENT` would be nowhere
   */
  moveStage(
    secret: Secret,
    stage: string,
    { to, from }: { readonly to: string | null; readonly from: string | null },
  ): void {
    this.#demandNotDeleted(secret);
    const target = to === null ? null : secret.versions.get(to);
    if (target === undefined)
      throw new AwsFault('ResourceNotFoundException', "Secrets Manager can't find the specified secret version.");
    const holder = [...secret.versions.values()].find((each) => each.stages.has(stage));
    if (holder !== undefined && holder !== target && holder.versionId !== from) {
      throw new AwsFault(
        'InvalidParameterException',
        `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ` +
          `${holder.versionId}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    if (target === null && stage === 'AWSCURRENT')
      throw new AwsFault('InvalidParameterException', 'You can only move staging label AWSCURRENT to another version.');
    if (target === null) holder?.stages.delete(stage);
    else this.#move(secret, stage, target);
    secret.changedAt = this.#clock.now();
  }

  /**
   * Reads a version by label or id.
   *
   * @throws AwsFault `ResourceNotFoundException` when no version carries the label, `InvalidRequestException` when the
   * secret is marked for deletion
   */
  version(secret: Secret, wanted: { readonly stage?: string; readonly versionId?: string } = {}): SecretVersion {
    this.#demandNotDeleted(secret);
    const stage = wanted.stage ?? (wanted.versionId ? undefined : 'AWSCURRENT');
    const found = [...secret.versions.values()].find(
      (each) => (!stage || each.stages.has(stage)) && (!wanted.versionId || each.versionId === wanted.versionId),
    );
    if (found) return found;
    const asked = wanted.versionId ? `VersionId: ${wanted.versionId}` : `staging label: ${stage}`;
    throw new AwsFault(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${asked}`,
    );
  }

  /** Marks a secret for deletion; its values can no longer be read (faults 95). */
  delete(reference: string): void {
    this.get(reference).deletedAt = this.#clock.now();
  }

  /** Every secret that exists. */
  all(): readonly Secret[] {
    return [...this.#secrets.values()];
  }

  /** Removes a secret at once, as CloudFormation and RDS do with their own. */
  remove(reference: string): void {
    const secret = this.find(reference);
    if (secret) this.#secrets.delete(secret.arn);
  }

  #demandNotDeleted(secret: Secret): void {
    if (secret.deletedAt === null) return;
    throw new AwsFault(
      'InvalidRequestException',
      'You can’t perform this operation on the secret because it was marked for deletion.',
    );
  }

  #move(secret: Secret, stage: string, to: SecretVersion): void {
    const holder = [...secret.versions.values()].find((each) => each.stages.has(stage));
    if (holder === to) return;
    if (holder && stage === 'AWSCURRENT') this.#move(secret, 'AWSPREVIOUS', holder);
    holder?.stages.delete(stage);
    if (stage === 'AWSCURRENT') to.stages.delete('AWSPREVIOUS');
    to.stages.add(stage);
  }
}

function randomSuffix(): string {
  return [...randomBytes(6)].map((byte) => SUFFIX_CHARACTERS[byte % SUFFIX_CHARACTERS.length]).join('');
}
