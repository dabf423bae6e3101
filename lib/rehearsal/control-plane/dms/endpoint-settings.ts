import { Refusal } from '../fault';
import { invalidCombination } from './names';
import { StrictObject } from './strict-json';

/** What an endpoint's settings say, with DMS's defaults in the place of what they leave out. */
export interface EndpointSettings {
  /** Statements of every session, such as `SET session_replication_role='replica'`; null: none. */
  readonly afterConnectScript: string | null;
  readonly captureDdls: boolean;
  readonly failOnLobTruncation: boolean;
  readonly heartbeat: { readonly schema: string; readonly everyMinutes: number } | null;
  readonly slotName: string | null;
  readonly trimSpaceInChar: boolean;
  readonly mapBooleanAsBoolean: boolean;
  readonly secretId: string;
  readonly secretRoleArn: string;
}

/** Extra connection attributes, by the names of the settings that they stand for. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  afterconnectscript: 'AfterConnectScript',
  captureddls: 'CaptureDdls',
  executetimeout: 'ExecuteTimeout',
  failtasksonlobtruncation: 'FailTasksOnLobTruncation',
  heartbeatenable: 'HeartbeatEnable',
  heartbeatschema: 'HeartbeatSchema',
  heartbeatfrequency: 'HeartbeatFrequency',
  mapbooleanasboolean: 'MapBooleanAsBoolean',
  mapjsonbasclob: 'MapJsonbAsClob',
  maxfilesize: 'MaxFileSize',
  pluginname: 'PluginName',
  slotname: 'SlotName',
  trimspaceinchar: 'TrimSpaceInChar',
};

/**
 * Reads an endpoint's PostgreSQL settings, and its extra connection attributes, which say the same in other words. Passwords in
 * the clear are refused: the stand-in takes secrets only.
 *
 * @param settings `PostgreSQLSettings`, in the spelling of the API
 * @param attributes `ExtraConnectionAttributes`, such as `heartbeatEnable=true;slotName=shop`
 * @throws AwsFault `InvalidParameterCombinationException` when something is said twice; Refusal for what is not known
 */
export function readEndpointSettings(
  settings: Readonly<Record<string, unknown>>,
  attributes: string | null,
): EndpointSettings {
  const extra = readAttributes(attributes ?? '');
  const twice = Object.keys(extra).find((name) => settings[name] !== undefined);
  if (twice !== undefined)
    throw invalidCombination(`${twice} is both an endpoint setting and an extra connection attribute`);
  const all = new StrictObject('PostgreSQL endpoint settings', { ...settings, ...extra });
  const script = all.text('AfterConnectScript', '');
  const heartbeat = all.boolean('HeartbeatEnable', false);
  const schema = all.text('HeartbeatSchema', 'public');
  const everyMinutes = all.integer('HeartbeatFrequency', 5);
  const slotName = all.text('SlotName', '');
  const read: EndpointSettings = {
    afterConnectScript: script === '' ? null : script,
    captureDdls: all.boolean('CaptureDdls', true),
    failOnLobTruncation: all.boolean('FailTasksOnLobTruncation', false),
    heartbeat: heartbeat ? { schema, everyMinutes } : null,
    slotName: slotName === '' ? null : slotName,
    trimSpaceInChar: all.boolean('TrimSpaceInChar', true),
    mapBooleanAsBoolean: all.boolean('MapBooleanAsBoolean', false),
    secretId: all.text('SecretsManagerSecretId', ''),
    secretRoleArn: all.text('SecretsManagerAccessRoleArn', ''),
  };
  // `no-preference` takes pglogical where the server has it; servers of a rehearsal never do.
  all.choice('PluginName', ['no-preference', 'test-decoding', 'test_decoding'] as const, 'no-preference');
  all.only({ DatabaseMode: 'default', MapJsonbAsClob: false, MapLongVarcharAs: 'wstring' });
  // A time limit on statements is not imitated.
  all.recordOnly('ExecuteTimeout', 'MaxFileSize', 'DdlArtifactsSchema', 'DisableUnicodeSourceFilter');
  all.refuseOthers();
  if (read.secretId === '' || read.secretRoleArn === '')
    throw new Refusal('DMS endpoints without SecretsManagerSecretId and SecretsManagerAccessRoleArn');
  return read;
}

function readAttributes(text: string): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const part of text.split(';').filter((each) => each.trim() !== '')) {
    const at = part.indexOf('=');
    const name = part.slice(0, at < 0 ? part.length : at).trim();
    const setting = ATTRIBUTES[name.toLowerCase()];
    if (setting === undefined || at < 0) throw new Refusal(`extra connection attribute ${name} of DMS endpoints`);
    read[setting] = typed(setting, part.slice(at + 1).trim());
  }
  return read;
}

function typed(setting: string, value: string): unknown {
  if (/^(?:Capture|Fail|HeartbeatEnable|MapBoolean|MapJsonb|Trim)/.test(setting)) {
    if (/^(?:true|y|yes|1)$/i.test(value)) return true;
    if (/^(?:false|n|no|0)$/i.test(value)) return false;
  }
  return /^(?:ExecuteTimeout|HeartbeatFrequency|MaxFileSize)$/.test(setting) ? Number(value) : value;
}
