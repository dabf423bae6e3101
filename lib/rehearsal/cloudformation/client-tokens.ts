import { CloudFormationError } from './cloudformation-error';
import { canonical, type Json } from './json';

/** The client request tokens that an account has used: a repeated call changes nothing. */
export class ClientTokens {
  private readonly used = new Map<string, { readonly call: string; readonly stackId: string }>();

  /**
   * The stack of an earlier call with the same token and arguments, or null for a call that is to be carried out.
   * @throws TokenAlreadyExistsException when the token was used with other arguments.
   */
  repeated(operation: string, input: { readonly clientRequestToken?: string }): { readonly StackId: string } | null {
    const before = this.used.get(input.clientRequestToken ?? '');
    if (before === undefined) return null;
    if (before.call === fingerprint(operation, input)) return { StackId: before.stackId };
    throw new CloudFormationError(
      'TokenAlreadyExistsException',
      `A client request token already exists with other arguments: ${input.clientRequestToken}`,
    );
  }

  /** Remembers an accepted call; a refused one leaves its token free. */
  remember(operation: string, input: { readonly clientRequestToken?: string }, stackId: string): void {
    if (input.clientRequestToken === undefined) return;
    this.used.set(input.clientRequestToken, { call: fingerprint(operation, input), stackId });
  }
}

function fingerprint(operation: string, input: object): string {
  return canonical(JSON.parse(JSON.stringify({ operation, input })) as Json);
}
