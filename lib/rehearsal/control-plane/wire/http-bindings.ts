import type { NormalizedSchema } from '@smithy/core/schema';

type Schema = ReturnType<typeof NormalizedSchema.of>;

/** Where a member of an input or output travels in an HTTP message. */
export type Binding =
  | { readonly kind: 'label' | 'payload' | 'body' | 'status' }
  | { readonly kind: 'query' | 'header' | 'prefix-headers'; readonly name: string };

/**
 * Reads where the service's model puts a member.
 *
 * @param member schema of the member
 */
export function bindingOf(member: Schema): Binding {
  const traits = member.getMergedTraits() as Readonly<Record<string, unknown>>;
  if (traits.httpLabel) return { kind: 'label' };
  if (traits.httpPayload) return { kind: 'payload' };
  if (traits.httpResponseCode) return { kind: 'status' };
  if (typeof traits.httpQuery === 'string') return { kind: 'query', name: traits.httpQuery };
  if (typeof traits.httpHeader === 'string') return { kind: 'header', name: traits.httpHeader.toLowerCase() };
  if (typeof traits.httpPrefixHeaders === 'string') {
    return { kind: 'prefix-headers', name: traits.httpPrefixHeaders.toLowerCase() };
  }
  return { kind: 'body' };
}

/** The method and path of a REST operation: `GET`, `/2013-04-01/hostedzone/{HostedZoneId}/rrset`, literal query fields. */
export interface Route {
  readonly method: string;
  readonly segments: readonly string[];
  readonly literals: URLSearchParams;
}

/**
 * Reads the route out of an operation's traits.
 *
 * @param traits traits of the operation's schema, which carry `http: [method, path, status]`
 */
export function routeOf(traits: unknown): Route {
  const [method, target] = (traits as { readonly http: readonly [string, string, number] }).http;
  const [path = '', query = ''] = target.split('?');
  return { method, segments: path.split('/').filter(Boolean), literals: new URLSearchParams(query) };
}

/**
 * Matches a path against a route.
 *
 * @param route the route
 * @param segments segments of the request's path, still percent-encoded
 * @returns the labels by name, decoded; null when the path is another
 */
export function matchPath(route: Route, segments: readonly string[]): Record<string, string> | null {
  const labels: Record<string, string> = {};
  const greedy = route.segments.at(-1)?.endsWith('+}') ?? false;
  if (greedy ? segments.length < route.segments.length : segments.length !== route.segments.length) return null;
  for (const [index, pattern] of route.segments.entries()) {
    const rest = pattern.endsWith('+}') ? segments.slice(index).join('/') : (segments[index] ?? '');
    if (!pattern.startsWith('{')) {
      if (pattern !== rest) return null;
    } else {
      labels[pattern.replace(/[{}+]/g, '')] = decodeURIComponent(rest);
    }
  }
  return labels;
}
