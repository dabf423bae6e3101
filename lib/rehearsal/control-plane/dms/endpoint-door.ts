/** From an endpoint to a session: secret read in the name of its role, name resolved, TLS as the endpoint says. */
import { isIP } from 'node:net';
import { Client, type ClientConfig } from 'pg';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import type { Secrets } from '../secrets/secrets';
import type { Endpoints } from './endpoints';
import type { Endpoint } from './resources';
import type { ServiceRoles } from './service-roles';

/** What is needed to open sessions. */
export interface EndpointDoorProps {
  readonly endpoints: Endpoints;
  readonly secrets: Secrets;
  readonly keys: Keys;
  readonly roles: ServiceRoles;
  /** Whether a host name leads anywhere, as the zones' servers answer now. */
  readonly isKnownHost: (name: string) => boolean;
}

/** A session could not be opened; the text is what DMS shows, without any secret. */
export class EndpointFailure extends Error {
  override readonly name = 'EndpointFailure';
}

/** What a secret must hold (user guide, "Using secrets to access DMS resources"). */
interface Login {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
}

/** Opens sessions of endpoints; the secret is read anew for each, so that a rotated one works at once. */
export class EndpointDoor {
  readonly #props: EndpointDoorProps;

  constructor(props: EndpointDoorProps) {
    this.#props = props;
  }

  /**
   * Opens a session; the caller ends it. Values are read as PostgreSQL writes them.
   *
   * @param applicationName shown in `pg_stat_activity`
   * @throws EndpointFailure
   */
  async open(endpoint: Endpoint, applicationName: string): Promise<Client> {
    const login = this.#login(endpoint);
    if (isIP(login.host) === 0 && login.host !== 'localhost' && !this.#props.isKnownHost(login.host)) {
      const message = `could not translate host name "${login.host}" to address: Name or service not known`;
      throw failure('Failed to connect Network error has occurred', '08001', message);
    }
    const client = new Client({
      host: '127.0.0.1',
      port: login.port,
      user: login.username,
      password: login.password,
      database: endpoint.databaseName,
      application_name: applicationName,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      ssl: this.#tls(endpoint, login.host),
      types: { getTypeParser: () => (value: string | Buffer) => value },
    });
    // A session that breaks while idle tells its user at the next query; without a listener it would end this process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await prepare(client, endpoint);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toFailure(error);
    }
    return client;
  }

  /** Opens a session, runs `work` in it and ends it. */
  async within<T>(endpoint: Endpoint, applicationName: string, work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.open(endpoint, applicationName);
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  #login(endpoint: Endpoint): Login {
    const { secretId, secretRoleArn } = endpoint.settings;
    const { secrets, keys, roles } = this.#props;
    try {
      const secret = secrets.get(secretId);
      const key = secret.kmsKeyId;
      const context = { 'secretsmanager:VersionStage': 'AWSCURRENT', 'secretsmanager:SecretId': secret.arn };
      roles.demand(secretRoleArn, 'regional', [
        { action: 'secretsmanager:DescribeSecret', resource: secret.arn },
        { action: 'secretsmanager:GetSecretValue', resource: secret.arn, context },
        ...(key ? [keys.accessThrough('secretsmanager', 'kms:Decrypt', key, encryption(secret.arn))] : []),
      ]);
      if (key && keys.find(key)?.state !== 'Enabled')
        throw new AwsFault(
          'AccessDeniedException',
          'Access to KMS is not allowed: the key of the secret is not enabled',
        );
      return readLogin(secretId, secrets.version(secret).value);
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      const application = 'Failed to build connection string Unable to find Secrets Manager secret';
      throw new EndpointFailure(testFailure(application, `Failed to retrieve secret. ${error.message}`));
    }
  }

  #tls({ sslMode, certificateArn }: Endpoint, host: string): ClientConfig['ssl'] {
    if (sslMode === 'none') return false;
    const servername = isIP(host) === 0 ? { servername: host } : {};
    if (sslMode === 'require' || certificateArn === null) return { rejectUnauthorized: false, ...servername };
    const ca = this.#props.endpoints.certificate(certificateArn).pem;
    return sslMode === 'verify-full'
      ? { ca, ...servername }
      : { ca, ...servername, checkServerIdentity: () => undefined };
  }
}

function encryption(secretArn: string): Record<string, string> {
  return { 'kms:EncryptionContext:SecretARN': secretArn };
}

function readLogin(secretId: string, value: string): Login {
  const fields = parse(value);
  const missing = ['username', 'password', 'host', 'port'].find((name) => !fields[name]);
  if (missing !== undefined)
    throw new EndpointFailure(testFailure('Failed to build connection string', `secret ${secretId} has no ${missing}`));
  return {
    username: String(fields.username),
    password: String(fields.password),
    host: String(fields.host),
    port: Number(fields.port),
  };
}

function parse(value: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(value) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

async function prepare(client: Client, { settings }: Endpoint): Promise<void> {
  await client.query(
    "set datestyle = 'ISO, MDY'; set intervalstyle = postgres; set timezone = 'UTC'; set extra_float_digits = 1",
  );
  if (settings.afterConnectScript !== null) await client.query(settings.afterConnectScript);
}

function toFailure(error: unknown): EndpointFailure {
  if (error instanceof EndpointFailure) return error;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '08001';
  return failure('Failed to connect Network error has occurred', state, String(message), error);
}

function failure(application: string, state: string, message: string, cause?: unknown): EndpointFailure {
  const detail = `RetCode: SQL_ERROR SqlState: ${state} NativeError: 101 Message: ${message}`;
  return new EndpointFailure(testFailure(application, detail), { cause });
}

function testFailure(application: string, detail: string): string {
  return `Application-Status: 1020912, Application-Message: ${application}, Application-Detailed-Message: ${detail}`;
}
