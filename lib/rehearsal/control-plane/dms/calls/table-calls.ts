import {
  DescribeTableStatistics$,
  type DescribeTableStatisticsCommandInput,
  type DescribeTableStatisticsCommandOutput,
  ReloadTables$,
  type ReloadTablesCommandInput,
  type ReloadTablesCommandOutput,
} from '@aws-sdk/client-database-migration-service';
import { Refusal } from '../../fault';
import { type Operation, operation } from '../../operation';
import type { DmsAccess } from '../access';
import { describeTable } from '../describe';
import { filtered, page } from '../paging';
import { tableKey } from '../task';
import type { Tasks } from '../tasks';

/** `DescribeTableStatistics`: in pages of 20 to 500, 100 unless asked. */
export function describeTableStatistics(tasks: Tasks, access: DmsAccess): Operation {
  return operation<DescribeTableStatisticsCommandInput, DescribeTableStatisticsCommandOutput>({
    schema: DescribeTableStatistics$,
    parameters: ['ReplicationTaskArn', 'MaxRecords', 'Marker', 'Filters'],
    access: ({ ReplicationTaskArn = '' }) => access.task('dms:DescribeTableStatistics', ReplicationTaskArn),
    run: (input) => {
      const task = tasks.get(input.ReplicationTaskArn ?? '');
      const found = filtered('DescribeTableStatistics', [...task.tables.values()], input.Filters, {
        'schema-name': ({ schema }) => schema,
        'table-name': ({ table }) => table,
        'table-state': ({ state }) => state,
      });
      const { items, marker } = page(found, input, 500);
      return {
        ReplicationTaskArn: task.arn,
        TableStatistics: items.map(describeTable),
        ...(marker && { Marker: marker }),
      };
    },
  });
}

/** `ReloadTables` with `data-reload`: empties tables of a running task and loads them anew. */
export function reloadTables(tasks: Tasks, access: DmsAccess): Operation {
  return operation<ReloadTablesCommandInput, ReloadTablesCommandOutput>({
    schema: ReloadTables$,
    parameters: ['ReplicationTaskArn', 'TablesToReload', 'ReloadOption'],
    access: ({ ReplicationTaskArn = '' }) => access.task('dms:ReloadTables', ReplicationTaskArn),
    run: ({ ReplicationTaskArn = '', TablesToReload = [], ReloadOption = 'data-reload' }) => {
      if (ReloadOption !== 'data-reload') throw new Refusal(`ReloadOption ${ReloadOption} of dms:ReloadTables`);
      const keys = TablesToReload.map(({ SchemaName = '', TableName = '' }) => tableKey(SchemaName, TableName));
      return { ReplicationTaskArn: tasks.reload(ReplicationTaskArn, keys).arn };
    },
  });
}
