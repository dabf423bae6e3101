import type { ProviderContext } from '../../cloudformation/provider';
import type { Keys } from '../kms/keys';
import type { Access } from '../operation';
import { type Place, resourceTagContext } from '../place';
import { type Instance, instanceArn } from '../rds/instance';
import type { Rds } from '../rds/service';
import { snapshotArn, snapshotIdOf } from '../rds/snapshot';
import type { WantedInstance } from './db-instance-properties';

/** Demands permissions of whoever CloudFormation acts for; throws when one is missing. */
export type DemandAccess = (context: ProviderContext, accesses: readonly Access[]) => void;

/** Says what CloudFormation must be allowed to do for an instance, in the order in which it does it. */
export class InstanceAccess {
  readonly #rds: Rds;
  readonly #keys: Keys;
  readonly #place: Place;

  constructor(rds: Rds, keys: Keys, place: Place) {
    this.#rds = rds;
    this.#keys = keys;
    this.#place = place;
  }

  /** What a birth demands: the instance, what it stands on, the use of keys, the hand-over of the monitoring role. */
  birth(wanted: WantedInstance): Access[] {
    const { birth, settings } = wanted;
    const action = birth.kind === 'restored' ? 'rds:RestoreDBInstanceFromDBSnapshot' : 'rds:CreateDBInstance';
    const own = birth.kind === 'restored' ? [snapshotArn(this.#place, snapshotIdOf(birth.snapshot))] : [];
    const groups = [
      ...(settings.parameterGroup === undefined ? [] : [this.#arn('pg', settings.parameterGroup)]),
      ...(settings.subnetGroup === undefined ? [] : [this.#arn('subgrp', settings.subnetGroup)]),
    ];
    const resources = [instanceArn(this.#place, wanted.instanceId), ...own, ...groups];
    const key =
      birth.kind === 'restored' ? this.#rds.snapshots.get(birth.snapshot).encryption.kmsKeyArn : birth.kmsKeyId;
    return [
      ...resources.map((resource) => ({ action, resource })),
      { action: 'rds:AddTagsToResource', resource: instanceArn(this.#place, wanted.instanceId) },
      ...(key ? this.#volumeKey(key) : []),
      ...(settings.monitoringRoleArn ? [passToMonitoring(settings.monitoringRoleArn)] : []),
    ];
  }

  /** What a modification of a living instance demands. */
  modification(instance: Instance): Access[] {
    const { arn: resource, tags } = instance;
    return [{ action: 'rds:ModifyDBInstance', resource, context: resourceTagContext(tags, ['rds:db-tag']) }];
  }

  /** What a managed master password demands beside the modification. */
  masterSecret(wanted: WantedInstance): Access[] {
    const { region, account } = this.#place;
    const resource = `arn:aws:secretsmanager:${region}:${account}:secret:rds!db-${wanted.instanceId}`;
    const context = { 'aws:CalledVia': ['rds.amazonaws.com'] };
    const key = wanted.masterSecretKmsKeyId;
    const uses = key === undefined ? [] : ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey'];
    return [
      { action: 'secretsmanager:CreateSecret', resource, context },
      { action: 'secretsmanager:TagResource', resource, context },
      ...uses.map((action) => this.#keys.accessThrough('secretsmanager', action, key ?? '')),
    ];
  }

  /** What a deletion demands. */
  deletion(instance: Instance, finalSnapshotId: string | null): Access[] {
    const context = resourceTagContext(instance.tags, ['rds:db-tag']);
    const own = { action: 'rds:DeleteDBInstance', resource: instance.arn, context };
    if (finalSnapshotId === null) return [own];
    return [own, { action: 'rds:CreateDBSnapshot', resource: snapshotArn(this.#place, finalSnapshotId) }];
  }

  #volumeKey(key: string): Access[] {
    return [
      this.#keys.accessThrough('rds', 'kms:DescribeKey', key),
      this.#keys.accessThrough('rds', 'kms:CreateGrant', key, { 'kms:GrantIsForAWSResource': 'true' }),
    ];
  }

  #arn(kind: string, name: string): string {
    return `arn:aws:rds:${this.#place.region}:${this.#place.account}:${kind}:${name}`;
  }
}

function passToMonitoring(roleArn: string): Access {
  const context = { 'iam:PassedToService': 'monitoring.rds.amazonaws.com' };
  return { action: 'iam:PassRole', resource: roleArn, context };
}
