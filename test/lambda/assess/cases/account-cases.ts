/** Cases in which AWS makes a check fire, on the local control plane, and what its remedy says done there. */
import type { CheckId } from '../../../../lambda/assess/check';
import type { TargetSettings } from '../../../../lambda/contract/settings';
import type { AwsStage } from '../../seed/aws-stage';
import { RECORD } from '../../seed/aws-stage';

/** The migration that all of them look at. */
export const MIGRATION = 'account';

/** Makes a check fire, and silences it. */
export interface AccountCase {
  readonly id: CheckId;
  readonly verdict: 'warn' | 'block';
  /** Part of the detail. */
  readonly names: string;
  /** What AWS or its user did. */
  readonly ill?: (stage: AwsStage) => Promise<void> | void;
  /** What was configured, and what the remedy says to configure. */
  readonly configured?: Partial<TargetSettings>;
  readonly corrected?: Partial<TargetSettings>;
  readonly cure?: (stage: AwsStage) => Promise<void> | void;
}

type Settings = NonNullable<Parameters<AwsStage['aws']['plane']['rds']['instances']['modify']>[1]['settings']>;

/** Modifies the source, as its owner does in the console. */
async function modify({ aws }: AwsStage, settings: Settings): Promise<void> {
  const { instances } = aws.plane.rds;
  await instances.modify('source', { settings }).settled;
}

const point = ({ aws, zoneId }: AwsStage, Value: string, TTL: number) =>
  aws.plane.route53.setRecord(zoneId, { Name: RECORD, Type: 'CNAME', TTL, ResourceRecords: [{ Value }] });

export const ACCOUNT_CASES: readonly AccountCase[] = [
  {
    id: 'source-engine',
    verdict: 'block',
    names: 'is backing-up',
    ill: ({ aws }) => {
      const { instances } = aws.plane.rds;
      void instances.backup(instances.get('source'), () => new Promise((resolve) => setTimeout(resolve, 500)));
    },
    cure: ({ aws }) => aws.plane.rds.instances.get('source').settled,
  },
  {
    id: 'parameter-group',
    verdict: 'warn',
    names: 'tuned is pending-reboot',
    ill: async (stage) => {
      stage.aws.plane.rds.parameterGroups.create('tuned', 'postgres17', { parameters: { work_mem: '16384' } });
      await modify(stage, { parameterGroup: 'tuned' });
    },
    cure: async ({ aws }) => aws.plane.rds.instances.reboot('source').settled,
  },
  {
    id: 'parameter-differences',
    verdict: 'warn',
    names: 'work_mem is 16384, there not set',
    cure: ({ aws }) => {
      aws.plane.rds.parameterGroups.get(`${MIGRATION}-group`).parameters.set('work_mem', '16384');
    },
  },
  {
    id: 'key-usable',
    verdict: 'block',
    names: 'is Disabled',
    ill: ({ aws, keyArn }) => aws.plane.kms.disable(keyArn),
    cure: ({ aws, keyArn }) => aws.plane.kms.enable(keyArn),
  },
  {
    id: 'record-points-to-source',
    verdict: 'block',
    names: 'neither source nor target',
    ill: (stage) => point(stage, 'elsewhere.example.test', 5),
    cure: (stage) => point(stage, stage.aws.plane.rds.instances.get('source').hostName, 5),
  },
  {
    id: 'record-points-to-source',
    verdict: 'warn',
    names: 'time to live 300 s',
    ill: (stage) => point(stage, stage.aws.plane.rds.instances.get('source').hostName, 300),
    cure: (stage) => point(stage, stage.aws.plane.rds.instances.get('source').hostName, 5),
  },
  {
    id: 'target-version',
    verdict: 'block',
    names: 'is configured for 16.9',
    configured: { engineVersion: '16.9' },
  },
  {
    id: 'target-version',
    verdict: 'block',
    names: 'is configured for 17.9',
    configured: { engineVersion: '17.9' },
  },
  {
    id: 'instance-offered',
    verdict: 'block',
    names: 'does not offer db.m1.small',
    configured: { instanceClass: 'db.m1.small' },
  },
  {
    id: 'instance-offered',
    verdict: 'block',
    names: 'less than 100 GiB',
    configured: { storageType: 'io2' },
    corrected: { storageType: 'io2', allocatedStorageGib: 100 },
  },
  {
    id: 'target-storage',
    verdict: 'block',
    names: 'the source has 40 GiB',
    ill: (stage) => modify(stage, { allocatedStorageGib: 40 }),
    corrected: { allocatedStorageGib: 40 },
    cure: () => undefined,
  },
  {
    id: 'target-storage',
    verdict: 'warn',
    names: '40 GiB are advised',
    configured: { allocatedStorageGib: 20 },
    ill: (stage) => modify(stage, { allocatedStorageGib: 20 }),
    corrected: { allocatedStorageGib: 20, maxAllocatedStorageGib: 40 },
  },
  {
    id: 'target-class',
    verdict: 'warn',
    names: 'advised is db.t4g.medium',
    configured: { instanceClass: 'db.t4g.micro' },
  },
  {
    id: 'quotas',
    verdict: 'block',
    names: 'AllocatedStorage: 9980 of 100000 free, 20000 needed',
    configured: { allocatedStorageGib: 20_000 },
    corrected: { allocatedStorageGib: 20_000 },
    ill: async ({ aws }) => {
      const settings = { allocatedStorageGib: 90_000 };
      const master = { username: 'postgres', password: 'p' };
      await aws.plane.rds.instances.create({ instanceId: 'hoard', engineVersion: '17', master, settings }).settled;
    },
    cure: async ({ aws }) => aws.plane.rds.instances.delete('hoard').settled,
  },
  {
    id: 'read-replicas',
    verdict: 'warn',
    names: 'source-reader',
    ill: (stage) => modify(stage, { readReplicas: ['source-reader'] }),
    cure: (stage) => modify(stage, { readReplicas: [] }),
  },
  {
    id: 'iam-authentication',
    verdict: 'warn',
    names: 'db-',
    ill: (stage) => modify(stage, { iamAuthentication: true }),
    cure: (stage) => modify(stage, { iamAuthentication: false }),
  },
  {
    id: 'option-group',
    verdict: 'warn',
    names: 'with-options',
    ill: (stage) => modify(stage, { optionGroup: 'with-options' }),
    cure: (stage) => modify(stage, { optionGroup: 'default:postgres-17' }),
  },
  {
    id: 'attached-roles',
    verdict: 'warn',
    names: 's3Import',
    ill: (stage) => modify(stage, { attachedRoleFeatures: ['s3Import'] }),
    cure: (stage) => modify(stage, { attachedRoleFeatures: [] }),
  },
  {
    id: 'recent-backup',
    verdict: 'warn',
    names: 'no automated backup',
    ill: (stage) => modify(stage, { backupRetentionDays: 0 }),
    cure: (stage) => modify(stage, { backupRetentionDays: 7 }),
  },
];
