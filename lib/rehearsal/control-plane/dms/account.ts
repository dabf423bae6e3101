/** What an account has of DMS. */
import type { Clock } from '../../clock';
import type { Authorize } from '../authorization';
import type { Keys } from '../kms/keys';
import type { Place } from '../place';
import type { Buckets } from '../s3/buckets';
import type { Secrets } from '../secrets/secrets';
import { Assessments } from './assessments';
import { Connections } from './connections';
import { EndpointDoor } from './endpoint-door';
import { Endpoints } from './endpoints';
import { ReplicationInstances } from './replication-instances';
import { type AuthorizeAssumeRole, ServiceRoles } from './service-roles';
import { Tasks } from './tasks';
import type { DmsTimings } from './timings';

/** DMS as a migration sees it: the parts of the account. */
export interface Dms {
  readonly instances: ReplicationInstances;
  readonly endpoints: Endpoints;
  readonly connections: Connections;
  readonly tasks: Tasks;
  readonly assessments: Assessments;
  /** Waits until every run has ended; they end with the signal. */
  settle(): Promise<void>;
}

/** What DMS stands on. */
export interface DmsProps {
  readonly place: Place;
  readonly clock: Clock;
  readonly timings: DmsTimings;
  readonly keys: Keys;
  readonly secrets: Secrets;
  readonly buckets: Buckets;
  readonly authorize: Authorize;
  readonly authorizeAssumeRole: AuthorizeAssumeRole;
  /** Whether a host name leads anywhere. */
  readonly isKnownHost: (name: string) => boolean;
  /** Aborted when the control plane closes. */
  readonly signal: AbortSignal;
}

/** Makes an account's DMS, empty. */
export function createDms(props: DmsProps): Dms {
  const { place, clock, timings, keys, secrets, buckets, signal } = props;
  const roles = new ServiceRoles(place, props.authorize, props.authorizeAssumeRole);
  const instances = new ReplicationInstances({ place, clock, timings, keys, roles, signal });
  const endpoints = new Endpoints(place, clock, keys);
  const door = new EndpointDoor({ endpoints, secrets, keys, roles, isKnownHost: props.isKnownHost });
  const connections = new Connections({ clock, timings, door, signal });
  const tasks = new Tasks({ place, clock, timings, instances, endpoints, connections, door, signal });
  const assessments = new Assessments({ place, clock, timings, tasks, door, buckets, keys, roles, signal });
  return {
    instances,
    endpoints,
    connections,
    tasks,
    assessments,
    async settle() {
      await Promise.all([tasks.settle(), assessments.settle()]);
    },
  };
}
