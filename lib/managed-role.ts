/** A role whose permissions stand in one managed policy, as inventories of policies and the packs want it (security 9). */
import { type AddToPrincipalPolicyResult, ManagedPolicy, type PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';

/** Used like `Role`; whatever grants it a permission writes into its managed policy, and none is inline. */
export class ManagedRole extends Role {
  private permissions: ManagedPolicy | undefined;

  /** Adds a statement to the managed policy, which is made with the first one. */
  override addToPrincipalPolicy(statement: PolicyStatement): AddToPrincipalPolicyResult {
    this.permissions ??= new ManagedPolicy(this, 'Permissions', { roles: [this] });
    this.permissions.addStatements(statement);
    return { statementAdded: true, policyDependable: this.permissions };
  }
}
