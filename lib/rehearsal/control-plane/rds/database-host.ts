import type { Settings } from '../../servers/data-directory';

/** The master user of an instance; the password reaches the server only, never a description or log. */
export interface MasterCredentials {
  readonly username: string;
  readonly password: string;
}

/** A running database behind an instance. */
export interface HostedDatabase {
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** Port that RDS tells: the same, unless the way there leads through something. */
  readonly endpointPort: number;
  /** The exact engine version, such as `17.10`. */
  readonly engineVersion: string;
  /** Sets the password of a role. */
  setPassword(credentials: MasterCredentials): Promise<void>;
  /**
   * Copies the data directory to `<directory>/data` while the server runs, slots included.
   *
   * @param onProgress called with the share that is done, 0 to 1
   */
  copyTo(directory: string, onProgress: (share: number) => void): Promise<void>;
  /** Applies settings by a restart, as a reboot of the instance does. */
  reboot(settings: Settings): Promise<void>;
  /** Stops the server and deletes its data. */
  remove(): Promise<void>;
}

/** How a database is born. */
export interface HostRequest {
  readonly instanceId: string;
  /** Name on the certificate, beside `localhost`. */
  readonly hostName: string;
  readonly settings: Settings;
}

/** Makes databases; the only door from the control plane to PostgreSQL. */
export interface DatabaseHost {
  /** Makes an empty server shaped like an RDS instance. */
  create(
    request: HostRequest & {
      readonly engineVersion: string;
      readonly master: MasterCredentials;
      readonly databaseName: string | null;
    },
  ): Promise<HostedDatabase>;
  /**
   * Starts a server on a copy of a snapshot's directory; reads the exact end of the replayed WAL at the first start and
   * gives it to `rds_tools.logical_seed_lsn()` (facts A4, A5).
   */
  restore(
    request: HostRequest & {
      readonly engineVersion: string;
      readonly snapshotDirectory: string;
      readonly master: MasterCredentials | null;
    },
  ): Promise<HostedDatabase>;
}

/** The server does not start with the settings of its parameter group; RDS says `incompatible-parameters`. */
export class IncompatibleParameters extends Error {
  override readonly name = 'IncompatibleParameters';
}
