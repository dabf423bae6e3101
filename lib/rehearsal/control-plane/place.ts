/** Where the rehearsal's resources pretend to live. */
export interface Place {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
}

/** A tag as most services write it. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/**
 * Condition keys for the tags that a resource carries.
 *
 * @param tags tags of the resource by key
 * @param prefixes condition key prefixes of the service beside `aws:ResourceTag`, such as `secretsmanager:ResourceTag`
 */
export function resourceTagContext(
  tags: ReadonlyMap<string, string> | undefined,
  prefixes: readonly string[] = [],
): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [key, value] of tags ?? []) {
    for (const prefix of ['aws:ResourceTag', ...prefixes]) context[`${prefix}/${key}`] = value;
  }
  return context;
}

/**
 * Condition keys for the tags that a request carries.
 *
 * @param tags tags of the request
 */
export function requestTagContext(
  tags: readonly { readonly Key?: string; readonly Value?: string }[] | undefined,
): Record<string, string | readonly string[]> {
  if (!tags || tags.length === 0) return {};
  const context: Record<string, string | readonly string[]> = { 'aws:TagKeys': tags.map(({ Key }) => Key ?? '') };
  for (const { Key = '', Value = '' } of tags) context[`aws:RequestTag/${Key}`] = Value;
  return context;
}

/**
 * Reads a list of tags into a map; a later tag of the same key wins.
 *
 * @param tags tags of a request or a template
 */
export function tagMap(
  tags: readonly { readonly Key?: string; readonly Value?: string }[] | undefined,
): Map<string, string> {
  return new Map((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Writes tags as a list, in the order of their setting. */
export function tagList(tags: ReadonlyMap<string, string>): Tag[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}
