import type { Principal } from './operation';

/** Access key id of the operator, who may do anything. */
export const OPERATOR_ACCESS_KEY_ID = 'AKIDREHEARSALOPERATOR';

/** Who stands behind an access key id. */
export class Callers {
  readonly #principals = new Map<string, Principal>();

  /** @param account the account that the operator belongs to */
  constructor(account: string) {
    this.#principals.set(OPERATOR_ACCESS_KEY_ID, { kind: 'operator', arn: `arn:aws:iam::${account}:user/operator` });
  }

  /**
   * Registers a role behind an access key id; the same id again replaces it.
   *
   * @param accessKeyId given to a function as `AWS_ACCESS_KEY_ID`; must hold neither slash nor comma
   */
  set(accessKeyId: string, caller: { readonly roleArn: string }): void {
    this.#principals.set(accessKeyId, { kind: 'role', arn: caller.roleArn });
  }

  /** The principal behind an access key id. */
  get(accessKeyId: string): Principal | undefined {
    return this.#principals.get(accessKeyId);
  }
}
