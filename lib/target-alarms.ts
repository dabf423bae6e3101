/** What the target is watched for once it exists: storage, processor, connections. */
import { type CfnCondition, Duration } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { SealiftConfig } from './config';
import { withRunbook } from './operations/runbook';
import { TARGET_ALARMS, targetAlarmName, targetInstanceId } from './resource-names';

const GIB = 2 ** 30;
const PERIOD_SECONDS = Duration.minutes(5).toSeconds();
/** Three periods in a row: a quarter of an hour. */
const PERIODS = 3;

/** Used when `max_connections` is not configured: about 80 % of what RDS allows the smallest production class (4 GiB). */
const CONNECTIONS = 360;

/** What the alarms are made from. */
export interface TargetAlarmsProps {
  readonly config: SealiftConfig;
  readonly topicArn: string;
  /** True in CloudFormation when the instance exists. */
  readonly hasInstance: CfnCondition;
}

type Watch = Pick<CfnAlarm, 'metricName' | 'comparisonOperator' | 'threshold' | 'alarmDescription'>;

/** The alarms of the target; none of them exists before the target does. */
export class TargetAlarms extends Construct {
  constructor(scope: Construct, id: string, props: TargetAlarmsProps) {
    super(scope, id);
    const { migration, target } = props.config;
    const configuredConnections = Number(target.parameters.max_connections);
    const watches: Record<(typeof TARGET_ALARMS)[number], Watch> = {
      'free-storage': {
        metricName: 'FreeStorageSpace',
        comparisonOperator: 'LessThanThreshold',
        threshold: Math.round(target.allocatedStorageGib * GIB * 0.1),
        alarmDescription: withRunbook(
          'The target has less than a tenth of its storage free; a full instance stops.',
          'free-storage',
        ),
      },
      cpu: {
        metricName: 'CPUUtilization',
        comparisonOperator: 'GreaterThanThreshold',
        threshold: 90,
        alarmDescription: withRunbook("The target's processor is busy; replication may fall behind.", 'cpu'),
      },
      connections: {
        metricName: 'DatabaseConnections',
        comparisonOperator: 'GreaterThanThreshold',
        threshold: configuredConnections > 0 ? Math.round(configuredConnections * 0.8) : CONNECTIONS,
        alarmDescription: withRunbook(
          "The target's connections run out; applications may not be able to connect.",
          'connections',
        ),
      },
    };
    for (const name of TARGET_ALARMS) {
      const alarm = new CfnAlarm(this, name, {
        ...watches[name],
        alarmName: targetAlarmName(migration, name),
        namespace: 'AWS/RDS',
        dimensions: [{ name: 'DBInstanceIdentifier', value: targetInstanceId(migration) }],
        statistic: 'Average',
        period: PERIOD_SECONDS,
        evaluationPeriods: PERIODS,
        treatMissingData: 'missing',
        alarmActions: [props.topicArn],
        okActions: [props.topicArn],
      });
      alarm.cfnOptions.condition = props.hasInstance;
    }
  }
}
