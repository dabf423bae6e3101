/** How a person reaches the servers of a rehearsal that was told to keep them. */
import { join } from 'node:path';
import { PASSWORD_FILE } from '../servers/data-directory';
import type { PostgresServer } from '../servers/postgres-server';
import type { Stage } from './stage';

/** One server. The password is not here but in a file that only this user can read. */
export interface Access {
  readonly side: 'source' | 'target';
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  readonly databases: readonly string[];
  /** File with the bootstrap superuser's password. */
  readonly passwordFile: string;
  readonly caFile: string;
}

/** Describes every server that runs. */
export function accessOf({ source, target, content, aws }: Stage): Access[] {
  const describe = (side: Access['side'], server: PostgresServer): Access => ({
    side,
    host: '127.0.0.1',
    port: server.port,
    user: server.superuser.name,
    databases: content.databases,
    passwordFile: join(server.dataDirectory, PASSWORD_FILE),
    caFile: aws.caPath,
  });
  const onTarget = target();
  return [...(source.own ? [describe('source', source.own)] : []), ...(onTarget ? [describe('target', onTarget)] : [])];
}
