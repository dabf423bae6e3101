/** A policy that the evaluation cannot read with certainty; the name is IAM's error code. */
export class MalformedPolicyDocument extends Error {
  override readonly name = 'MalformedPolicyDocument';
}
