import {
  DescribeDBParameterGroups$,
  type DescribeDBParameterGroupsCommandInput,
  type DescribeDBParameterGroupsCommandOutput,
  DescribeDBParameters$,
  type DescribeDBParametersCommandInput,
  type DescribeDBParametersCommandOutput,
} from '@aws-sdk/client-rds';
import { AwsFault } from '../fault';
import { type Operation, operation } from '../operation';
import type { RdsAccess } from './access';
import { describeParameters as describe, type ParameterGroups } from './parameter-groups';

/** `DescribeDBParameters`, in pages as RDS sends them. */
export function describeParameters(groups: ParameterGroups, access: RdsAccess): Operation {
  return operation<DescribeDBParametersCommandInput, DescribeDBParametersCommandOutput>({
    schema: DescribeDBParameters$,
    parameters: ['DBParameterGroupName', 'Source', 'Marker', 'MaxRecords'],
    access: ({ DBParameterGroupName }) => [access.parameterGroup('rds:DescribeDBParameters', DBParameterGroupName)],
    run: ({ DBParameterGroupName = '', Source, Marker, MaxRecords = 100 }) => {
      const all = describe(groups.get(DBParameterGroupName)).filter(
        (parameter) => Source === undefined || parameter.Source === Source,
      );
      const start = Marker === undefined ? 0 : Number(Marker);
      if (!Number.isInteger(start)) throw new AwsFault('InvalidParameterValue', 'The parameter Marker is not valid.');
      const end = start + MaxRecords;
      return { Parameters: all.slice(start, end), ...(end < all.length ? { Marker: String(end) } : {}) };
    },
  });
}

/** `DescribeDBParameterGroups`: one by name, or all. */
export function describeParameterGroups(groups: ParameterGroups, access: RdsAccess, arnPrefix: string): Operation {
  return operation<DescribeDBParameterGroupsCommandInput, DescribeDBParameterGroupsCommandOutput>({
    schema: DescribeDBParameterGroups$,
    parameters: ['DBParameterGroupName'],
    access: ({ DBParameterGroupName }) => [
      access.parameterGroup('rds:DescribeDBParameterGroups', DBParameterGroupName),
    ],
    run: ({ DBParameterGroupName }) => {
      const found = DBParameterGroupName === undefined ? groups.list() : [groups.get(DBParameterGroupName)];
      return {
        DBParameterGroups: found.map(({ name, family, description }) => ({
          DBParameterGroupName: name,
          DBParameterGroupFamily: family,
          Description: description,
          DBParameterGroupArn: `${arnPrefix}:pg:${name}`,
        })),
      };
    },
  });
}
