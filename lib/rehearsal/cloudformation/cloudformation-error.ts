/** Error codes of the CloudFormation API that the engine answers with. */
export type CloudFormationErrorName =
  | 'ValidationError'
  | 'AlreadyExistsException'
  | 'InsufficientCapabilitiesException'
  | 'TokenAlreadyExistsException';

/** A refused CloudFormation call; `name` is the error code of the wire, `message` follows AWS's words where they are known. */
export class CloudFormationError extends Error {
  override readonly name: CloudFormationErrorName;

  constructor(name: CloudFormationErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** A `ValidationError`: the template, a parameter or the state of the stack does not allow the call. */
export function validationError(message: string, cause?: unknown): CloudFormationError {
  return new CloudFormationError('ValidationError', message, cause === undefined ? undefined : { cause });
}
