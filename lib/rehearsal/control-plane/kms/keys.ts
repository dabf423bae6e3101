import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import type { Access } from '../operation';
import { type Place, resourceTagContext } from '../place';

/** States of a key that the rehearsal knows. */
export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

/** A key; there is no key material, because nothing is encrypted here. */
export interface Key {
  readonly keyId: string;
  readonly arn: string;
  readonly manager: 'CUSTOMER' | 'AWS';
  readonly createdAt: number;
  state: KeyState;
  description: string;
  rotationEnabled: boolean;
  rotationPeriodDays: number;
  multiRegion: boolean;
  /** Epoch milliseconds; set while the key is pending deletion. */
  deletionAt: number | null;
  pendingWindowDays: number;
  /** The key policy of its template, as an object; null: the default policy, which leaves everything to IAM. */
  policy: unknown;
  tags: Map<string, string>;
}

/** Options of a new key. */
export interface KeyOptions {
  readonly description?: string;
  readonly enabled?: boolean;
  readonly rotationEnabled?: boolean;
  readonly rotationPeriodDays?: number;
  readonly multiRegion?: boolean;
  readonly pendingWindowDays?: number;
  readonly policy?: unknown;
  readonly tags?: ReadonlyMap<string, string>;
  /** `AWS` makes a key like `alias/aws/rds`. Default: `CUSTOMER`. */
  readonly manager?: 'CUSTOMER' | 'AWS';
}

/** The keys and aliases of the account. */
export class Keys {
  readonly #place: Place;
  readonly #clock: Clock;
  readonly #keys = new Map<string, Key>();
  readonly #aliases = new Map<string, string>();

  constructor(place: Place, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  /** Makes a key. */
  create(options: KeyOptions = {}): Key {
    const keyId = randomUUID();
    const key: Key = {
      keyId,
      arn: `arn:aws:kms:${this.#place.region}:${this.#place.account}:key/${keyId}`,
      manager: options.manager ?? 'CUSTOMER',
      createdAt: this.#clock.now(),
      state: options.enabled === false ? 'Disabled' : 'Enabled',
      description: options.description ?? '',
      rotationEnabled: options.rotationEnabled ?? false,
      rotationPeriodDays: options.rotationPeriodDays ?? 365,
      multiRegion: options.multiRegion ?? false,
      deletionAt: null,
      pendingWindowDays: options.pendingWindowDays ?? 30,
      policy: options.policy ?? null,
      tags: new Map(options.tags),
    };
    this.#keys.set(keyId, key);
    return key;
  }

  /** Points an alias (`alias/…`) at a key; an existing alias moves. */
  setAlias(alias: string, keyId: string): void {
    this.#aliases.set(alias, this.get(keyId).keyId);
  }

  /** Removes an alias; absent ones are no error. */
  deleteAlias(alias: string): void {
    this.#aliases.delete(alias);
  }

  /** True when the alias exists. */
  hasAlias(alias: string): boolean {
    return this.#aliases.has(alias);
  }

  /** Disables a key, as an operator might by accident (faults 80). */
  disable(reference: string): void {
    this.get(reference).state = 'Disabled';
  }

  /** Enables a key again; a deletion that was planned is cancelled. */
  enable(reference: string): void {
    const key = this.get(reference);
    key.state = 'Enabled';
    key.deletionAt = null;
  }

  /** Plans a key's deletion at the end of its window. */
  scheduleDeletion(reference: string): void {
    const key = this.get(reference);
    key.state = 'PendingDeletion';
    key.deletionAt = this.#clock.now() + key.pendingWindowDays * 24 * 3_600_000;
  }

  /**
   * Finds a key.
   *
   * @param reference key id, key ARN, alias (`alias/…`) or alias ARN
   * @throws AwsFault `NotFoundException`
   */
  get(reference: string): Key {
    const key = this.find(reference);
    if (key) return key;
    const prefix = reference.startsWith('arn:') ? '' : `arn:aws:kms:${this.#place.region}:${this.#place.account}:`;
    const kind = reference.includes('alias/') ? 'Alias' : 'Key';
    const name = kind === 'Key' && prefix ? `${prefix}key/${reference}` : `${prefix}${reference}`;
    throw new AwsFault('NotFoundException', `${kind} '${name}' does not exist`, 400);
  }

  /** Finds a key by id, ARN, alias or alias ARN. */
  find(reference: string): Key | undefined {
    const ownPrefix = `arn:aws:kms:${this.#place.region}:${this.#place.account}:`;
    if (reference.startsWith('arn:') && !reference.startsWith(ownPrefix)) return undefined;
    const local = reference.startsWith(ownPrefix) ? reference.slice(ownPrefix.length) : reference;
    if (!local.startsWith('alias/')) return this.#keys.get(local.replace(/^key\//, ''));
    if (local.startsWith('alias/aws/') && !this.#aliases.has(local)) this.#createManagedKey(local);
    return this.#keys.get(this.#aliases.get(local) ?? '');
  }

  /** What a caller must be allowed to do for an action on a key, with the key's tags and further conditions. */
  access(action: string, reference: string, context: Readonly<Record<string, string>> = {}): Access {
    const key = this.find(reference);
    const local = reference.startsWith('alias/') || reference.startsWith('key/') ? reference : `key/${reference}`;
    const resource =
      key?.arn ??
      (reference.startsWith('arn:') ? reference : `arn:aws:kms:${this.#place.region}:${this.#place.account}:${local}`);
    const tags = resourceTagContext(key?.tags);
    return { action, resource, context: { ...tags, ...context }, keyPolicy: key?.policy ?? null };
  }

  /** What a caller must be allowed to do when a service uses a key on its behalf. */
  accessThrough(
    service: string,
    action: string,
    reference: string,
    context: Readonly<Record<string, string>> = {},
  ): Access {
    return this.access(action, reference, {
      'kms:ViaService': `${service}.${this.#place.region}.amazonaws.com`,
      'kms:CallerAccount': this.#place.account,
      ...context,
    });
  }

  #createManagedKey(alias: string): void {
    const service = alias.slice('alias/aws/'.length);
    const description = `Default key that protects my data when no other key is defined (${service})`;
    const key = this.create({ manager: 'AWS', rotationEnabled: true, description });
    this.#aliases.set(alias, key.keyId);
  }
}
