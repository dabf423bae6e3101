import type { Json } from '../json';
import { resourceId } from '../physical-name';
import type { ProviderContext, ResourceProvider } from '../provider';
import { recordedProvider } from './recorded-provider';

/**
 * Providers of security groups, their rules and VPC endpoints. They are **recorded and not enforced**: on the laptop every
 * function reaches every server, so a rehearsal proves nothing about network rules.
 */
export function networkProviders(): ResourceProvider[] {
  return [
    recordedProvider({
      type: 'AWS::EC2::SecurityGroup',
      nameProperty: 'GroupName',
      replacementOn: ['GroupDescription', 'VpcId'],
      physicalId: (_name, context) => resourceId('sg', context.physicalNameHint),
      attributes: (groupId, context) => ({ GroupId: groupId, Id: groupId, ...vpcOf(context) }),
    }),
    ...['Ingress', 'Egress'].map((direction) =>
      recordedProvider({
        type: `AWS::EC2::SecurityGroup${direction}`,
        replacementOn: ['*'],
        physicalId: (_name, context) => resourceId('sgr', context.physicalNameHint),
        attributes: (ruleId) => ({ Id: ruleId }),
      }),
    ),
    recordedProvider({
      type: 'AWS::EC2::VPCEndpoint',
      replacementOn: ['ServiceName', 'VpcEndpointType', 'VpcId'],
      physicalId: (_name, context) => resourceId('vpce', context.physicalNameHint),
      attributes: (endpointId) => ({ Id: endpointId }),
    }),
  ];
}

function vpcOf({ properties }: ProviderContext): Readonly<Record<string, Json>> {
  return typeof properties.VpcId === 'string' ? { VpcId: properties.VpcId } : {};
}
