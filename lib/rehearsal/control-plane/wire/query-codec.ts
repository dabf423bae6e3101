import { NormalizedSchema } from '@smithy/core/schema';
import { Refusal } from '../fault';
import { type Codec, wireError } from './codec';
import { readQueryInput } from './query-reader';
import { escapeXml, writeMembers } from './xml-writer';

/** The query protocol (RDS, CloudFormation, SNS, STS): form fields in, XML out. */
export const queryCodec: Codec = {
  read(service, request) {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const name = form.get('Action') ?? '';
    const operation = service.operations.get(name);
    if (!operation) throw new Refusal(`operation ${service.signingName}:${name || request.path}`);
    return { operation, input: readQueryInput(NormalizedSchema.of(operation.schema[4]), form) };
  },

  writeResult(service, operation, output, requestId) {
    const name = operation.schema[2];
    const schema = NormalizedSchema.of(operation.schema[5]);
    const result = schema.isStructSchema() ? `<${name}Result>${writeMembers(schema, output)}</${name}Result>` : '';
    const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
    const xmlns = service.xmlNamespace ? ` xmlns="${service.xmlNamespace}"` : '';
    return {
      status: 200,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
      body: `<${name}Response${xmlns}>${result}${metadata}</${name}Response>`,
    };
  },

  writeFault(service, fault, requestId) {
    const { code, status } = wireError(service, fault);
    const sender = status < 500 ? 'Sender' : 'Receiver';
    return {
      status,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
      body:
        `<ErrorResponse><Error><Type>${sender}</Type><Code>${escapeXml(code)}</Code>` +
        `<Message>${escapeXml(fault.message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    };
  },
};
