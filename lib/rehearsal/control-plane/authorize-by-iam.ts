import type { Iam } from '../iam/iam';
import type { Authorize } from './authorization';

/**
 * Decides calls by the roles and policies of the deployed templates: key policies first for keys, bucket and topic policies
 * beside the caller's own.
 *
 * @param iam the store that the templates' roles were entered into
 */
export function authorizeByIam(iam: Iam): Authorize {
  return ({ keyPolicy, resourcePolicy, ...request }) => {
    if (keyPolicy !== null) return iam.authorizeKeyPolicy({ ...request, keyPolicy });
    if (resourcePolicy !== null) return iam.authorizeWithResourcePolicy({ ...request, resourcePolicy });
    return iam.authorize(request);
  };
}
