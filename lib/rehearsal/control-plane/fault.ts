/** An error as AWS reports it: the `code` becomes the `name` of the error that the SDK throws. */
export class AwsFault extends Error {
  override readonly name = 'AwsFault';

  /**
   * @param code the error's name in the service's model, such as `DBInstanceNotFoundFault`, or a plain code of the wire
   * @param message what AWS would say
   * @param status the HTTP status; 400 unless the service's model says otherwise
   * @param details further members of the error's shape, such as `messages` of `InvalidChangeBatch`
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status: number = 400,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/**
 * A call that the rehearsal does not know how to honour: service, operation or parameter. It reaches the caller as
 * `NotImplemented` with status 501, which no SDK retries, and the run through `onRefusal`.
 */
export class Refusal extends AwsFault {
  constructor(what: string) {
    super('NotImplemented', `the rehearsal does not know ${what}`, 501);
  }
}
