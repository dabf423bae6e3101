import {
  GetParameter$,
  type GetParameterCommandInput,
  type GetParameterCommandOutput,
  ParameterNotFound$,
  ParameterVersionNotFound$,
  PutParameter$,
  type PutParameterCommandInput,
  type PutParameterCommandOutput,
} from '@aws-sdk/client-ssm';
import { AwsFault } from '../fault';
import { byName, operation, type Service } from '../operation';
import type { Parameters } from './parameters';

/**
 * Parameter Store as far as the switch asks: read a plain parameter, by its name or one of its versions, and write a version over
 * an existing one.
 *
 * @param parameters the account's parameters
 */
export function ssmService(parameters: Parameters): Service {
  const getParameter = operation<GetParameterCommandInput, GetParameterCommandOutput>({
    schema: GetParameter$,
    parameters: ['Name'],
    access: ({ Name = '' }) => [{ action: 'ssm:GetParameter', resource: parameters.arnOf(placeOf(Name).name) }],
    run: ({ Name = '' }) => {
      const { name, version } = placeOf(Name);
      const parameter = parameters.get(name);
      const found = parameters.value(parameter, version);
      // Without decryption an encrypted value is handed out as it is stored.
      const value = parameter.type === 'SecureString' ? Buffer.from(found.value).toString('base64') : found.value;
      const Parameter = { Name: name, Type: parameter.type, Value: value, Version: found.version, ARN: parameter.arn };
      return { Parameter: { ...Parameter, DataType: 'text' } };
    },
  });

  const putParameter = operation<PutParameterCommandInput, PutParameterCommandOutput>({
    schema: PutParameter$,
    parameters: ['Name', 'Value', 'Overwrite'],
    access: ({ Name = '' }) => [{ action: 'ssm:PutParameter', resource: parameters.arnOf(Name) }],
    run: ({ Name = '', Value = '', Overwrite = false }) => {
      const parameter = parameters.get(Name);
      if (!Overwrite) throw new AwsFault('ParameterAlreadyExists', 'The parameter already exists.');
      return { Version: parameters.put(parameter, Value), Tier: 'Standard' };
    },
  });

  return {
    signingName: 'ssm',
    protocol: 'json-1.1',
    errors: [ParameterNotFound$, ParameterVersionNotFound$],
    operations: byName([getParameter, putParameter]),
    deniedCode: 'AccessDeniedException',
  };
}

/** `name:version`; names hold no colon. */
function placeOf(reference: string): { readonly name: string; readonly version?: number } {
  const [name = '', version] = reference.split(':');
  return version === undefined ? { name } : { name, version: Number(version) };
}
