import { type Codec, wireError } from './codec';
import { restXmlCodec } from './rest-xml-codec';

/** The REST JSON protocol (Lambda): as REST XML where a body is a payload of bytes, but errors are JSON. */
export const restJsonCodec: Codec = {
  read: restXmlCodec.read,
  writeResult: restXmlCodec.writeResult,
  writeFault(service, fault, requestId) {
    const { code, status } = wireError(service, fault);
    return {
      status,
      headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, 'x-amzn-errortype': code },
      body: JSON.stringify({ message: fault.message }),
    };
  },
};
