/** LSNs as numbers: `X/Y` in hexadecimal, as PostgreSQL writes them. */

/** Parses `0/1B73058`; throws on anything else. */
export function parseLsn(text: string): bigint {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  if (match?.[1] === undefined || match[2] === undefined)
    throw new Error(`${JSON.stringify(text)} is no lsn, expected X/Y`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** Writes an LSN the way PostgreSQL does. */
export function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}
