/**
 * A team's own CDK app that moves one of its databases with Sealift: in a stage of its own, told by the team's pager, run by
 * the team's role. `npx cdk deploy 'Production/*'` in this folder deploys it.
 */
import { App, Stage } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import { UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
// This repository as a submodule or a workspace of yours.
import { makeStacks, parseConfig } from '../../lib';

const app = new App();
const production = new Stage(app, 'Production', { env: { account: '123456789012', region: 'eu-central-1' } });

/** Literals only: names and permissions are made from them. */
const config = parseConfig({
  migration: 'orders',
  account: '123456789012',
  region: 'eu-central-1',
  source: {
    kind: 'rds',
    instanceId: 'orders-db',
    masterSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-db/master-Ab12Cd',
    securityGroupId: 'sg-0a1b2c3d4e5f60718',
  },
  network: {
    vpcId: 'vpc-0a1b2c3d4e5f60718',
    subnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-1b2c3d4e5f607182a'],
    availabilityZones: ['eu-central-1a', 'eu-central-1b'],
    clients: ['sg-1b2c3d4e5f607182a'],
  },
  target: { instanceClass: 'db.m7g.large', engineVersion: '17.6', allocatedStorageGib: 200 },
  key: { kind: 'create', administrators: ['arn:aws:iam::123456789012:role/KeyAdministrators'] },
  switch: { kind: 'route53', hostedZoneId: 'Z0123456789ABCDEFGHIJ', recordName: 'orders.db.example.internal' },
  notifications: { phases: 'failures' },
  tags: { team: 'orders', 'cost-center': '4711' },
});

const { foundation, migration } = makeStacks(production, config);

// Alarms, messages about the phases and the question for approval all go to this topic.
foundation.topic.addSubscription(new UrlSubscription('https://pager.example.com/sealift'));

// Who is on call may run the migration; who leads the team may approve the cutover.
migration.operatorPolicy.attachToRole(Role.fromRoleName(migration, 'OnCall', 'OrdersOnCall'));
migration.approverPolicy.attachToRole(Role.fromRoleName(migration, 'Lead', 'OrdersLead'));

app.synth();
