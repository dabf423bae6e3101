/** Documents of the AWS managed policies that a template may name (AWS managed policy reference); others are refused. */
export const AWS_MANAGED_POLICIES: Readonly<Record<string, unknown>> = {
  'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
      },
    ],
  },
  'arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AWSLambdaVPCAccessExecutionPermissions',
        Effect: 'Allow',
        Action: [
          'logs:CreateLogGroup',
          'logs:CreateLogStream',
          'logs:PutLogEvents',
          'ec2:CreateNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        Resource: '*',
      },
    ],
  },
  'arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'EnableCreationAndManagementOfRDSCloudwatchLogGroups',
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'],
        Resource: ['arn:aws:logs:*:*:log-group:RDS*'],
      },
      {
        Sid: 'EnableCreationAndManagementOfRDSCloudwatchLogStreams',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams', 'logs:GetLogEvents'],
        Resource: ['arn:aws:logs:*:*:log-group:RDS*:log-stream:*'],
      },
    ],
  },
  'arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: [
          'ec2:CreateNetworkInterface',
          'ec2:DescribeAvailabilityZones',
          'ec2:DescribeInternetGateways',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVpcs',
          'ec2:DeleteNetworkInterface',
          'ec2:ModifyNetworkInterfaceAttribute',
        ],
        Resource: '*',
      },
    ],
  },
  'arn:aws:iam::aws:policy/service-role/AmazonDMSCloudWatchLogsRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AllowDescribeOnAllLogGroups',
        Effect: 'Allow',
        Action: ['logs:DescribeLogGroups'],
        Resource: ['*'],
      },
      {
        Sid: 'AllowDescribeOfAllLogStreamsOnDmsTasksLogGroup',
        Effect: 'Allow',
        Action: ['logs:DescribeLogStreams'],
        Resource: ['arn:aws:logs:*:*:log-group:dms-tasks-*', 'arn:aws:logs:*:*:log-group:dms-serverless-replication-*'],
      },
      {
        Sid: 'AllowCreationOfDmsLogGroups',
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup'],
        Resource: [
          'arn:aws:logs:*:*:log-group:dms-tasks-*',
          'arn:aws:logs:*:*:log-group:dms-serverless-replication-*:log-stream:',
        ],
      },
      {
        Sid: 'AllowCreationOfDmsLogStream',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream'],
        Resource: [
          'arn:aws:logs:*:*:log-group:dms-tasks-*:log-stream:dms-task-*',
          'arn:aws:logs:*:*:log-group:dms-serverless-replication-*:log-stream:dms-serverless-*',
        ],
      },
      {
        Sid: 'AllowUploadOfLogEventsToDmsLogStream',
        Effect: 'Allow',
        Action: ['logs:PutLogEvents'],
        Resource: [
          'arn:aws:logs:*:*:log-group:dms-tasks-*:log-stream:dms-task-*',
          'arn:aws:logs:*:*:log-group:dms-serverless-replication-*:log-stream:dms-serverless-*',
        ],
      },
    ],
  },
};
