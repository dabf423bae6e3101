/** Makes and configures a data directory: initdb, settings, TLS files, and who may connect. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries';
import type { ServerCertificate } from './certificate-authority';
import { namingFullDisk } from './disk-space';
import { requireReachable, serverAccount } from './unprivileged-account';

/** Server settings by name, as in postgresql.conf. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Who a server's own sessions belong to: the superuser that initdb makes, and what its sessions are called. */
export interface Superuser {
  readonly name: string;
  readonly applicationName: string;
}

/** The bootstrap superuser that RDS keeps to itself. */
export const SUPERUSER_OF_RDS: Superuser = { name: 'rdsadmin', applicationName: 'rds' };

/** What every server has unless its creator says otherwise; sized for a source with logical replication (facts B15). */
export const DEFAULT_SETTINGS: Settings = {
  wal_level: 'logical',
  max_replication_slots: 20,
  max_wal_senders: 20,
  max_logical_replication_workers: 16,
  max_worker_processes: 32,
  max_connections: 200,
  shared_buffers: '256MB',
  log_checkpoints: true,
  log_line_prefix: '%m [%p] %a %u@%d: ',
  log_timezone: 'UTC',
  timezone: 'UTC',
  lc_messages: 'C',
};

/** File in a data directory with the password of the bootstrap superuser. */
export const PASSWORD_FILE = 'superuser.password';

/** Only TLS and only passwords, for everyone: `all` as a database covers logical walsenders too. */
const HOST_RULES = 'hostssl all all 127.0.0.1/32 scram-sha-256\n';

/** Makes the directory of a server, where the server may enter, and returns the path of its `data`, which is not made. */
export async function reserveDataPath(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o711 });
  await chmod(directory, 0o711);
  requireReachable(directory);
  return join(directory, 'data');
}

/** Makes the directory of a server and in it an empty `data`, owned by the account that servers run under. */
async function makeServerDirectory(directory: string): Promise<string> {
  const data = await reserveDataPath(directory);
  await mkdir(data, { recursive: true, mode: 0o700 });
  await giveToServer(data);
  return data;
}

/** Runs initdb in `<directory>/data`: UTF-8, C collation, data checksums, SCRAM, and the bootstrap superuser named. */
export async function initializeDataDirectory(binaries: Binaries, directory: string, superuser: string): Promise<void> {
  await namingFullDisk(directory, async () => {
    const data = await makeServerDirectory(directory);
    const passwordFile = join(directory, PASSWORD_FILE);
    await writeForServer(passwordFile, randomBytes(24).toString('base64url'));
    // RDS has en_US.UTF-8, which minimal systems lack; C.UTF-8 is missing on older macOS.
    await runInitdb(binaries, data, passwordFile, superuser, 'C.UTF-8').catch(async () => {
      await rm(data, { recursive: true, force: true });
      await makeServerDirectory(directory);
      await runInitdb(binaries, data, passwordFile, superuser, 'C');
    });
    // It travels with physical copies, as the role itself does.
    await rename(passwordFile, join(data, PASSWORD_FILE));
  });
}

/** Password of the bootstrap superuser, from the data directory or from the physical copy of one. */
export function readAdminPassword(dataDirectory: string): Promise<string> {
  return readFile(join(dataDirectory, PASSWORD_FILE), 'utf8');
}

/** Path of the CA's certificate inside a data directory, for `sslrootcert` of subscriptions (facts K4). */
export function caPath(dataDirectory: string): string {
  return join(dataDirectory, 'rds-ca.pem');
}

/** Writes certificate, key and CA into the data directory; they count at the next start or reload. */
export async function writeCertificate(dataDirectory: string, certificate: ServerCertificate): Promise<void> {
  await writeForServer(join(dataDirectory, 'server.crt'), certificate.certPem);
  await writeForServer(join(dataDirectory, 'server.key'), certificate.keyPem);
  await writeForServer(caPath(dataDirectory), certificate.caPem);
}

/** Writes postgresql.conf and pg_hba.conf whole; what `settings` does not name has the default above. */
export async function writeConfiguration(dataDirectory: string, port: number, settings: Settings): Promise<void> {
  const merged: Settings = {
    ...DEFAULT_SETTINGS,
    ...settings,
    listen_addresses: '127.0.0.1',
    port,
    // No sockets: paths below macOS' temporary directory are too long for them, and TLS alone is what RDS offers.
    unix_socket_directories: '',
    ssl: true,
    ssl_cert_file: 'server.crt',
    ssl_key_file: 'server.key',
    password_encryption: 'scram-sha-256',
  };
  const lines = Object.entries(merged).map(([name, value]) => `${name} = ${settingLiteral(value)}`);
  await writeForServer(join(dataDirectory, 'postgresql.conf'), `${lines.join('\n')}\n`);
  await writeForServer(join(dataDirectory, 'pg_hba.conf'), HOST_RULES);
}

/** Hands a file or directory to the account that servers run under; does nothing when this process is no root. */
export async function giveToServer(path: string): Promise<void> {
  const account = serverAccount();
  if (account) await chown(path, account.uid, account.gid);
}

async function writeForServer(path: string, content: string): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  await giveToServer(path);
}

function settingLiteral(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function runInitdb(
  binaries: Binaries,
  data: string,
  passwordFile: string,
  superuser: string,
  locale: string,
): Promise<void> {
  const args = ['-D', data, '-U', superuser, '-E', 'UTF8', `--locale=${locale}`, '--data-checksums', '--no-sync'];
  args.push('--auth=scram-sha-256', `--pwfile=${passwordFile}`);
  return new Promise((resolve, reject) => {
    const child = spawn(binaries.initdb, args, {
      ...serverAccount(),
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (cause) => reject(new Error(`initdb did not start: ${binaries.initdb}`, { cause })));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(new Error(`initdb of PostgreSQL ${binaries.version} failed in ${data} with code ${code}:\n${output}`));
    });
  });
}

/** Environment of server programs: nothing of ours, because PG* variables and locales would change what they do. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP, TMPDIR } = process.env;
  return { PATH, SystemRoot, TEMP, TMPDIR, LC_ALL: 'C', TZ: 'UTC' };
}
