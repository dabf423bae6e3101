import { AwsFault } from '../fault';

/** A body out of `aws-chunked` framing, with the trailing headers that followed it. */
export interface Unchunked {
  readonly body: Buffer;
  /** Trailers by lower-case name, such as `x-amz-checksum-crc32`. */
  readonly trailers: Readonly<Record<string, string>>;
}

const LINE_END = Buffer.from('\r\n');

/**
 * Takes a body out of the `aws-chunked` framing that SDK v3 puts around streams: hexadecimal sizes, chunks, trailers.
 * Chunk signatures are not checked.
 *
 * @param framed the body as received
 */
export function unchunk(framed: Buffer): Unchunked {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const [line, next] = readLine(framed, offset);
    const size = Number.parseInt(line.split(';')[0] ?? '', 16);
    if (!Number.isInteger(size) || next + size > framed.length) {
      throw new AwsFault('IncompleteBody', 'the body does not follow its aws-chunked framing');
    }
    offset = next;
    if (size === 0) return { body: Buffer.concat(chunks), trailers: readTrailers(framed, offset) };
    chunks.push(framed.subarray(offset, offset + size));
    offset += size + LINE_END.length;
  }
}

function readTrailers(framed: Buffer, start: number): Record<string, string> {
  const trailers: Record<string, string> = {};
  for (const line of framed.subarray(start).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return trailers;
}

function readLine(framed: Buffer, offset: number): [line: string, next: number] {
  const end = framed.indexOf(LINE_END, offset);
  if (end < 0) throw new AwsFault('IncompleteBody', 'the body ends within its aws-chunked framing');
  return [framed.subarray(offset, end).toString('latin1'), end + LINE_END.length];
}
