import {
  CopyDBSnapshot$,
  type CopyDBSnapshotCommandInput,
  type CopyDBSnapshotCommandOutput,
  CreateDBSnapshot$,
  type CreateDBSnapshotCommandInput,
  type CreateDBSnapshotCommandOutput,
  DeleteDBSnapshot$,
  type DeleteDBSnapshotCommandInput,
  type DeleteDBSnapshotCommandOutput,
  DescribeDBSnapshots$,
  type DescribeDBSnapshotsCommandInput,
  type DescribeDBSnapshotsCommandOutput,
} from '@aws-sdk/client-rds';
import type { Keys } from '../kms/keys';
import { type Access, type Operation, operation } from '../operation';
import { tagMap } from '../place';
import { type RdsAccess, type RequestTags, requestTags } from './access';
import { describeSnapshot } from './describe';
import type { Snapshots } from './snapshots';

/** `CreateDBSnapshot`; tags in the request demand `rds:AddTagsToResource` as well. */
export function createSnapshot(snapshots: Snapshots, access: RdsAccess): Operation {
  return operation<CreateDBSnapshotCommandInput, CreateDBSnapshotCommandOutput>({
    schema: CreateDBSnapshot$,
    parameters: ['DBSnapshotIdentifier', 'DBInstanceIdentifier', 'Tags'],
    access: ({ DBSnapshotIdentifier = '', DBInstanceIdentifier = '', Tags }) => [
      access.instance('rds:CreateDBSnapshot', DBInstanceIdentifier, requestTags(Tags)),
      access.snapshot('rds:CreateDBSnapshot', DBSnapshotIdentifier, requestTags(Tags)),
      ...tagging(access, DBSnapshotIdentifier, Tags),
    ],
    run: ({ DBSnapshotIdentifier = '', DBInstanceIdentifier = '', Tags }) => ({
      DBSnapshot: describeSnapshot(snapshots.create(DBSnapshotIdentifier, DBInstanceIdentifier, tagMap(Tags))),
    }),
  });
}

/** `CopyDBSnapshot` within the region; the keys of both sides demand their use through RDS, grants included (facts E11). */
export function copySnapshot(snapshots: Snapshots, keys: Keys, access: RdsAccess): Operation {
  return operation<CopyDBSnapshotCommandInput, CopyDBSnapshotCommandOutput>({
    schema: CopyDBSnapshot$,
    parameters: ['SourceDBSnapshotIdentifier', 'TargetDBSnapshotIdentifier', 'KmsKeyId', 'CopyTags', 'Tags'],
    access: ({ SourceDBSnapshotIdentifier = '', TargetDBSnapshotIdentifier = '', KmsKeyId, Tags }) => [
      access.snapshot('rds:CopyDBSnapshot', SourceDBSnapshotIdentifier, requestTags(Tags)),
      access.snapshot('rds:CopyDBSnapshot', TargetDBSnapshotIdentifier, requestTags(Tags)),
      ...tagging(access, TargetDBSnapshotIdentifier, Tags),
      ...keyUse(keys, snapshots.find(SourceDBSnapshotIdentifier)?.encryption.kmsKeyArn ?? undefined),
      ...keyUse(keys, KmsKeyId),
    ],
    run: ({ SourceDBSnapshotIdentifier = '', TargetDBSnapshotIdentifier = '', KmsKeyId, CopyTags, Tags }) => ({
      DBSnapshot: describeSnapshot(
        snapshots.copy(SourceDBSnapshotIdentifier, TargetDBSnapshotIdentifier, {
          ...(KmsKeyId === undefined ? {} : { kmsKeyId: KmsKeyId }),
          copyTags: CopyTags === true,
          tags: tagMap(Tags),
        }),
      ),
    }),
  });
}

/** `DeleteDBSnapshot`; its answer still describes it. */
export function deleteSnapshot(snapshots: Snapshots, access: RdsAccess): Operation {
  return operation<DeleteDBSnapshotCommandInput, DeleteDBSnapshotCommandOutput>({
    schema: DeleteDBSnapshot$,
    parameters: ['DBSnapshotIdentifier'],
    access: ({ DBSnapshotIdentifier = '' }) => [access.snapshot('rds:DeleteDBSnapshot', DBSnapshotIdentifier)],
    run: async ({ DBSnapshotIdentifier = '' }) => ({
      DBSnapshot: describeSnapshot(await snapshots.remove(DBSnapshotIdentifier)),
    }),
  });
}

/** `DescribeDBSnapshots`: one by identifier, those of an instance, or all. */
export function describeSnapshots(snapshots: Snapshots, access: RdsAccess): Operation {
  return operation<DescribeDBSnapshotsCommandInput, DescribeDBSnapshotsCommandOutput>({
    schema: DescribeDBSnapshots$,
    parameters: ['DBSnapshotIdentifier', 'DBInstanceIdentifier', 'SnapshotType'],
    access: ({ DBSnapshotIdentifier, DBInstanceIdentifier }) => [
      access.snapshot('rds:DescribeDBSnapshots', DBSnapshotIdentifier),
      ...(DBInstanceIdentifier ? [access.instance('rds:DescribeDBSnapshots', DBInstanceIdentifier)] : []),
    ],
    run: ({ DBSnapshotIdentifier, DBInstanceIdentifier, SnapshotType }) => {
      const found = DBSnapshotIdentifier === undefined ? snapshots.list() : [snapshots.get(DBSnapshotIdentifier)];
      const wanted = found
        .filter(
          ({ instanceId }) => DBInstanceIdentifier === undefined || instanceId === DBInstanceIdentifier.toLowerCase(),
        )
        .filter(() => SnapshotType === undefined || SnapshotType === 'manual');
      return { DBSnapshots: wanted.map(describeSnapshot) };
    },
  });
}

function tagging(access: RdsAccess, snapshotId: string, tags: RequestTags): Access[] {
  return tags && tags.length > 0 ? [access.snapshot('rds:AddTagsToResource', snapshotId, requestTags(tags))] : [];
}

function keyUse(keys: Keys, keyId: string | undefined): Access[] {
  if (keyId === undefined) return [];
  return [
    keys.accessThrough('rds', 'kms:DescribeKey', keyId),
    keys.accessThrough('rds', 'kms:CreateGrant', keyId, { 'kms:GrantIsForAWSResource': 'true' }),
  ];
}
